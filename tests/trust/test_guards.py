"""Limits on what is read: sizes, archives, XML."""

from __future__ import annotations

import os
import zipfile

import openpyxl
import pytest

from socaccess.errors import InputError
from socaccess.guards import (
    ReadLimits,
    check_file,
    check_member_name,
    check_workbook,
    find_control_signs,
)
from socaccess.sources.files import read_rows


@pytest.fixture
def workbook(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["facility_id", "name"])
    book.active.append(["a", "Centrs"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    return path


def add_part(path, name, content):
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return path


def test_a_good_workbook_passes(workbook):
    check_workbook(workbook)
    assert len(read_rows(workbook)[0]) == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("../evil.xml", b"<a/>", "outside its folder"),
        ("C:/evil.xml", b"<a/>", "outside its folder"),
        ("/etc/cron.d/evil", b"x", "outside its folder"),
        ("xl/a.xml", b"<!DOCTYPE a [<!ENTITY b 'bbbb'>]><a>&b;</a>", "XML defines entities"),
        ("xl/a.xml", '<!DOCTYPE a [<!ENTITY b "b">]><a/>'.encode("utf-16"), "XML defines entities"),
        ("xl/a.xml", b"<a>" * 100 + b"</a>" * 100, "nested deeper"),
        ("xl/a.xml", b"<a><b></a>", "not a readable workbook"),
    ],
)
def test_a_workbook_with_a_hostile_part_is_refused(workbook, name, content, words):
    add_part(workbook, name, content)
    with pytest.raises(InputError, match=words):
        read_rows(workbook)


def test_a_workbook_that_unpacks_to_too_much_is_refused(workbook):
    add_part(workbook, "xl/media/zeros.bin", bytes(3_000_000))
    assert workbook.stat().st_size < 50_000
    with pytest.raises(InputError, match="unpacks to more"):
        check_workbook(workbook, ReadLimits(max_unpacked_bytes=1_000_000))


def test_a_size_that_is_a_lie_is_not_believed(workbook):
    add_part(workbook, "xl/media/zeros.bin", bytes(3_000_000))
    content = workbook.read_bytes()
    told = (3_000_000).to_bytes(4, "little")
    assert content.count(told) == 2  # in the local header and in the directory
    workbook.write_bytes(content.replace(told, (10).to_bytes(4, "little")))
    with pytest.raises(InputError):
        check_workbook(workbook, ReadLimits(max_unpacked_bytes=1_000_000))


def test_too_many_parts_are_refused(workbook):
    for number in range(60):
        add_part(workbook, f"xl/{number}.bin", b"")
    with pytest.raises(InputError, match="more than 50 parts"):
        check_workbook(workbook, ReadLimits(max_members=50))


def test_an_encrypted_part_is_refused(workbook):
    content = bytearray(workbook.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(mark)
        while at >= 0:
            content[at + place] |= 1
            at = content.find(mark, at + 4)
    workbook.write_bytes(bytes(content))
    with pytest.raises(InputError, match="not a readable workbook"):
        check_workbook(workbook)


def test_what_is_no_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "folder.csv").mkdir()
    for name, words in (
        ("pipe.csv", "no file"),
        ("folder.csv", "no file"),
        ("empty.csv", "empty"),
        ("absent.csv", "no such file"),
        ("a\x00b.csv", "cannot be opened|no such file"),
    ):
        with pytest.raises(InputError, match=words):
            read_rows(tmp_path / name)


def test_a_file_larger_than_the_limit_is_not_read(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(2_000_000)
    with pytest.raises(InputError, match="larger than 1 MB"):
        check_file(path, ReadLimits(max_bytes=1_000_000))


@pytest.mark.parametrize("name", ["a/../b", "..\\b", "/b", "C:b", "b\x00", "\\\\host\\b"])
def test_names_that_leave_the_folder(name):
    with pytest.raises(InputError, match="outside its folder"):
        check_member_name(name)


@pytest.mark.parametrize("name", ["a/b.xml", "..a/b", "a..b", "ā/č.xml"])
def test_names_that_stay(name):
    check_member_name(name)


def test_control_signs_are_told_from_letters():
    assert not find_control_signs("Ābeļu iela 3-4, “Zīles” \u202e\t\n")
    assert all(find_control_signs(f"a{sign}") for sign in "\x00\x01\x1b\x7f\x9b")


def test_a_csv_with_too_many_rows_is_refused(tmp_path, monkeypatch):
    from socaccess.sources import files

    monkeypatch.setattr(files, "LIMITS", ReadLimits(max_rows=5))
    path = tmp_path / "a.csv"
    path.write_text("facility_id,name\n" + "".join(f"{i},x\n" for i in range(6)))
    with pytest.raises(InputError, match="more than 5 rows"):
        read_rows(path)
