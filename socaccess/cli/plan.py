"""`socaccess plan`: what a plan needs; its commands by what they are about stand beside."""

from __future__ import annotations

from socaccess.cli import plan_money as money
from socaccess.cli import plan_municipalities as municipalities
from socaccess.cli import plan_people as people
from socaccess.cli import plan_places as places
from socaccess.cli.command import App

__all__ = ["app"]

app = App()

app.command("goals")(people.goals)
app.command("need")(people.need)
app.command("views")(people.views)
app.command("catalogue")(places.catalogue)
app.command("profiles")(places.profiles)
app.command("forecast")(people.forecast)
app.command("model")(municipalities.model)
app.command("cooperation")(municipalities.cooperation)
app.command("objects")(places.objects)
app.command("movers")(people.movers)
app.command("reorganisation")(people.reorganisation)
app.command("buildings")(places.buildings)
app.command("general-services")(places.general_services)
app.command("eraf")(municipalities.eraf)
app.command("budget")(money.budget)
app.command("person-budget")(money.person_budget)
app.command("mobile")(money.mobile)
app.command("pilot")(money.pilot)
app.command("obstacles")(people.obstacles)
app.command("programme")(municipalities.programme)
