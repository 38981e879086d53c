"""Stored storage: whole small deployments as bytes, which every later version of the code has to open.

Each data folder (named by a year and month) holds what a deployment had stored: all objects of its bucket, all items
of its two tables, and in `expected.json` what the API answered from them. `test_stored.py` loads each folder and asks
again, so a stored name that follows a rename of code, or a stored form that can no longer be read, is noticed. A second
test writes the same things anew and compares the stored names (keys of objects, attributes of items, keys of
manifests) with those of the newest folder.

Folders are never rewritten: they stand for the deployments that people have. When a stored form gains something, add
a folder beside them, with `python -m tests.stored.write FOLDER`. `live.py` has the deeds that fill the storage. 2026-11
is as the code of November 2026 wrote it; 2026-10 as the code before (commit acb758e) did: its histories do not tell
when they were added to last, and ids such as 36.0 are kept as they came.
"""
