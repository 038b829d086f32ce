#!/usr/bin/env python3
"""Holds a JSON Schema against the corpus that the compiler of such documents is tested with.

Usage: check.py SCHEMA_FILE CORPUS_FOLDER

What the compiler accepts the schema must accept. Of what the compiler refuses, the schema must refuse the files called shape_*:
those that are wrong whatever tables are attached.
"""
import json
import pathlib
import sys

import jsonschema


def load(path):
    """The document of a file; a binding stands beside the relation that it describes."""
    document = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    return document["binding"] if "binding" in document and "relation" in document else document


def failures(validator, corpus):
    accepted = sorted((corpus / "accepted").glob("*.json"))
    shapes = sorted((corpus / "refused").glob("*shape*.json"))
    if not accepted:
        yield f"no documents in {corpus}"
    for path in accepted:
        error = jsonschema.exceptions.best_match(validator.iter_errors(load(path)))
        if error is not None:
            yield f"{path}: refused at {error.json_path}: {error.message}"
    for path in shapes:
        if validator.is_valid(load(path)):
            yield f"{path}: accepted, but its shape is wrong"


def main(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    schema = load(arguments[0])
    corpus = pathlib.Path(arguments[1])
    jsonschema.Draft202012Validator.check_schema(schema)
    found = list(failures(jsonschema.Draft202012Validator(schema), corpus))
    print("\n".join(found) if found else f"{corpus.name}: schema and corpus agree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
