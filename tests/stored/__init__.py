"""Stored storage: whole small deployments as bytes, which every later version of the code has to open.

Each data folder (named by a year and month) holds what a deployment had stored: all objects of its bucket, all items
of its two tables, and in `expected.json` what the API answered from them. `test_stored.py` loads each folder and asks
again, so a stored name that follows a rename of code, or a stored form that can no longer be read, is noticed. A second
test writes the same things anew and compares the stored names (keys of objects, attributes of items, keys of
manifests) with those of the newest folder.

Folders are never rewritten: they stand for the deployments that people have. When a stored form gains something, add
a folder beside them with `python -m tests.stored.write FOLDER`, named by the year and month. `live.py` has the deeds
that fill the storage, `questions.py` what is asked of it. 2026-11 is as the code of November 2026 wrote it, and 2026-10
as the code of the commit acb758e did: its histories do not tell when they were added to last, ids and keys such as the
text "37.0" are kept as they came, and the results of its file that was cut short have fewer columns than today's.
"""
