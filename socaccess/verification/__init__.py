"""Whether a written plan is what it says: recalculated with none of the solver's code."""

from socaccess.verification.verify import Verification, verify_plan

__all__ = ["Verification", "verify_plan"]
