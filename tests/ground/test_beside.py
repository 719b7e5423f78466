"""Work beside this process: the same answer, error or not, with and without a core to spare."""

import os
import subprocess
import sys
import textwrap
import threading

import pytest

from socaccess.beside import Beside, can_fork, map_beside
from socaccess.errors import InputError


def run_alone(code):
    """Run code in a Python of its own, where no thread of the tests is about."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_beside_other_threads_the_work_is_done_here():
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        with Beside(os.getpid) as asking:
            assert asking.result() == os.getpid()
        assert not can_fork()
    finally:
        stop.set()
        thread.join()


def test_our_error_is_raised_where_the_result_is_asked_for():
    def fail():
        raise InputError("study.nothing_assessed", where="service_types")

    with Beside(fail) as failing, pytest.raises(InputError) as caught:
        failing.result()
    assert caught.value.problems[0].code == "study.nothing_assessed"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux copies a process at no risk")
@pytest.mark.skipif(os.cpu_count() == 1, reason="there is no other core")
def test_in_a_process_of_its_own_it_answers_fails_and_dies():
    code = """
        import os, signal
        from socaccess.beside import Beside
        from socaccess.errors import InputError
        here = os.getpid()

        with Beside(os.getpid) as asking:
            assert asking.result() != here

        def fail():
            raise InputError("study.nothing_assessed", where="service_types")

        with Beside(fail) as failing:
            try:
                failing.result()
            except InputError as error:
                print(error.problems[0].code)

        def die():
            if os.getpid() != here:
                os.kill(os.getpid(), signal.SIGKILL)
            return "done here"

        with Beside(die) as dying:
            print(dying.result())

        def count():
            yield 1
            if os.getpid() != here:
                os.kill(os.getpid(), signal.SIGKILL)
            yield 2
            raise InputError("study.nothing_assessed", where="service_types")

        with Beside(count) as counting:
            print(counting.result(), counting.result())
            try:
                counting.result()
            except InputError as error:
                print(error.problems[0].code)

        with Beside(lambda: os.getppid) as odd, Beside(lambda: lambda: 1) as unpicklable:
            odd.result()
            try:
                unpicklable.result()
            except RuntimeError as error:
                print("not picklable")

        # Nobody waits for what is not asked for.
        with Beside(signal.pause):
            pass
    """
    assert run_alone(code) == (
        0,
        "study.nothing_assessed\ndone here\n1 2\nstudy.nothing_assessed\nnot picklable\n",
        "",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux copies a process at no risk")
def test_after_a_library_with_threads_of_its_own_the_work_is_done_here():
    code = """
        import os, typst
        from socaccess.beside import Beside, can_fork, map_beside
        assert not can_fork()
        page = b"#set page(width: 1cm, height: 1cm)\\nx"
        typst.compile(page)
        with Beside(lambda: len(typst.compile(page)) > 0) as writing:
            assert writing.result()
    """
    assert run_alone(code) == (0, "", "")


@pytest.mark.parametrize("count", [0, 1, 2, 5, 6])
def test_items_done_elsewhere_make_no_difference_to_the_results(count):
    heard = []
    found = map_beside(lambda n: n * n, range(count), lambda *done: heard.append(done))
    assert found == [n * n for n in range(count)]
    assert [total for _, total in heard] == [count] * len(heard)
    assert [done for done, _ in heard] == sorted({done for done, _ in heard})
    assert not count or heard[-1] == (count, count)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux copies a process at no risk")
@pytest.mark.skipif(os.cpu_count() == 1, reason="there is no other core")
def test_items_are_shared_between_two_processes_and_an_error_of_either_is_raised():
    code = """
        import os, signal, tempfile, time
        from pathlib import Path
        from socaccess.beside import map_beside
        from socaccess.errors import InputError

        done = Path(tempfile.mkdtemp())

        def wait(at):
            # The first one ends only after the third: somebody else has to do that.
            for _ in range(2_000):
                if at != 0 or (done / "2").exists():
                    break
                time.sleep(0.01)
            (done / str(at)).touch()
            return at, os.getpid()

        found = map_beside(wait, range(4))
        assert [at for at, _ in found] == [0, 1, 2, 3]
        assert len({process for _, process in found}) == 2

        here = os.getpid()

        def die(at):
            if os.getpid() != here:
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(0.05)
            return at

        assert map_beside(die, range(5)) == [0, 1, 2, 3, 4]

        for bad in (0, 1):
            def work(at):
                if at == bad:
                    raise InputError("study.nothing_assessed", where="service_types")
                return at
            try:
                map_beside(work, range(3))
            except InputError as error:
                assert error.problems[0].code == "study.nothing_assessed"
            else:
                raise AssertionError(bad)
    """
    assert run_alone(code) == (0, "", "")
