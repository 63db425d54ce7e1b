#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Turns the JSON Schemas of the OCI documents into C.

    generate.py header SCHEMA... > ocispec.h            plain structs, commented from the descriptions
    generate.py tables SCHEMA... > ocispec-tables.c     constant descriptors of the same structs for decode.c, encode.c

The schemas are JSON Schema draft 2020-12, of which this understands what they use: objects with properties, maps
(additionalProperties, propertyNames), arrays (items, minItems), strings (enum, pattern, minLength), booleans, integers
(format int32, int64, uint16, uint32, uint64; minimum, maximum), $ref within and between the files. Anything else is an
error here, rather than a rule that is silently not applied. Additions of our own, which other tools ignore:

    x-root       this document is a type of its own, named by its title
    x-since      the version of the specification that brought the property
    x-ignored    the property is accepted whatever its value, and has no field
    x-empty      "absent": an empty string counts as if the property were missing
    x-decimals   an integer that JSON shows with a decimal point: with 2, 1234 is 12.34
    x-expect     what the value should be, in words, for the message when pattern or minLength fail

How JSON becomes C (TYPE is the snake_case of the $defs name, FIELD that of the property):

    string                  char *FIELD                          NULL: absent
    boolean                 bool FIELD, has_FIELD
    integer                 intN_t or uintN_t FIELD; bool has_FIELD
    object with properties  struct oci_TYPE *FIELD               NULL: absent
    map of strings          struct oci_string_map *FIELD         NULL: absent
    map of objects          struct oci_TYPE_map *FIELD           NULL: absent
    array of strings        char **FIELD; size_t n_FIELD         NULL: absent; ends with a NULL that is not counted
    array of objects        struct oci_TYPE **FIELD; size_t n_FIELD
    array of integers       intN_t *FIELD; size_t n_FIELD
"""
import json
import os
import re
import sys

FORMATS = {  # format: (C type, bytes, signed)
    "int32": ("int32_t", 4, True),
    "int64": ("int64_t", 8, True),
    "uint16": ("uint16_t", 2, False),
    "uint32": ("uint32_t", 4, False),
    "uint64": ("uint64_t", 8, False),
}

KEYWORDS = set("""auto break case char const continue default do double else enum extern float for goto if inline int
long register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while asm
typeof bool true false""".split())

UNDERSTOOD = set("""$ref $comment description type properties required items enum pattern minLength minItems minimum maximum
format additionalProperties propertyNames x-since x-ignored x-empty x-expect x-decimals x-root $schema $id $defs title""".split())

MAX_PROPERTIES = 64  # decode.c remembers in a uint64_t which properties it has seen


def fail(where, what):
    sys.exit(f"generate.py: {where}: {what}")


def snake(name):
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    name = name.lower()
    return name + "_" if name in KEYWORDS else name


def c_string(text):
    if text is None:
        return "NULL"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Property:
    """One member of an object: where a flattened schema becomes a C field."""

    def __init__(self, schemas, file, owner, name, node, required):
        self.name = name
        self.field = snake(name)
        self.required = required
        where = f"{owner}.{name}"
        node = schemas.flatten(file, node, where)
        self.description = node.get("description")
        if not self.description:
            fail(where, "no description")
        self.since = node.get("x-since")
        self.shape, self.kind, self.type, self.key_rule, self.rule = "ONE", None, None, None, None
        self.min_items, self.minimum, self.maximum = 0, 0, 0
        self.width, self.signed, self.ctype, self.decimals = 0, False, None, 0
        self.empty_is_absent = node.get("x-empty") == "absent"
        if node.get("x-ignored"):
            self.kind = "IGNORED"
            return
        value = node
        if node.get("type") == "array":
            self.shape = "ARRAY"
            self.min_items = node.get("minItems", 0)
            value = schemas.flatten(file, node["items"], where + "[]")
        elif node.get("type") == "object" and "type-name" not in node:
            self.shape = "MAP"
            self.key_rule = schemas.rule(node.get("propertyNames", {}))
            if not isinstance(node.get("additionalProperties"), dict):
                fail(where, "an object needs properties or additionalProperties")
            value = schemas.flatten(file, node["additionalProperties"], where + "{}")
        self.take_value(schemas, value, where)

    def take_value(self, schemas, value, where):
        kind = value.get("type")
        if kind == "string":
            self.kind = "STRING"
            self.rule = schemas.rule(value)
            if self.shape != "ONE" and "x-empty" in value:
                fail(where, "x-empty is for single strings")
            if self.empty_is_absent and self.required:
                fail(where, "required and x-empty exclude each other")
        elif kind == "boolean" and self.shape == "ONE":
            self.kind = "BOOLEAN"
        elif kind == "integer" and self.shape != "MAP":
            self.kind = "INTEGER"
            if value.get("format") not in FORMATS:
                fail(where, f"an integer needs a format of {', '.join(FORMATS)}")
            self.ctype, self.width, self.signed = FORMATS[value["format"]]
            self.minimum, self.maximum = value["minimum"], value["maximum"]
            self.decimals = value.get("x-decimals", 0)
        elif kind == "object" and "type-name" in value:
            self.kind = "OBJECT"
            self.type = value["type-name"]
        else:
            fail(where, f"no C form for {self.shape.lower()} of {kind}")

    def fields(self):
        """The C declarations."""
        base = {"STRING": "char *", "OBJECT": f"struct oci_{self.type} *", "BOOLEAN": "bool "}.get(self.kind)
        if self.kind == "INTEGER":
            base = self.ctype + " "
        if self.kind == "IGNORED":
            return []
        if self.shape == "ARRAY":
            star = "*" if base.endswith("*") else "*"
            return [f"{base}{star}{self.field};", f"size_t n_{self.field};"]
        if self.shape == "MAP":
            return [f"struct oci_{'string' if self.kind == 'STRING' else self.type}_map *{self.field};"]
        if self.kind in ("BOOLEAN", "INTEGER"):
            return [f"{base}{self.field};", f"bool has_{self.field};"]
        return [f"{base}{self.field};"]

    def comment(self):
        notes = []
        if self.required:
            notes.append("required")
        if self.kind == "INTEGER" and FORMAT_RANGE[self.ctype] != (self.minimum, self.maximum):
            notes.append(f"{self.minimum} to {self.maximum}")
        if self.min_items:
            notes.append(f"at least {self.min_items}")
        if self.empty_is_absent:
            notes.append("NULL when empty")
        if self.since and self.since != "1.0":
            notes.append("since " + self.since)
        return self.description + (f" ({'; '.join(notes)})" if notes else "")


FORMAT_RANGE = {
    c: (-(1 << (8 * w - 1)), (1 << (8 * w - 1)) - 1) if s else (0, (1 << (8 * w)) - 1) for c, w, s in FORMATS.values()
}


class Type:
    def __init__(self, schemas, file, name, node):
        self.name = name
        self.description = node.get("description")
        if not self.description:
            fail(name, "no description")
        required = node.get("required", [])
        for r in required:
            if r not in node["properties"]:
                fail(name, f"requires {r}, which it does not have")
        self.properties = [Property(schemas, file, name, n, p, n in required) for n, p in node["properties"].items()]
        if len(self.properties) > MAX_PROPERTIES:
            fail(name, f"more than {MAX_PROPERTIES} properties")


class Schemas:
    def __init__(self, paths):
        self.files = {}
        for path in paths:
            with open(path, encoding="utf-8") as f:
                self.files[os.path.basename(path)] = json.load(f)
        self.rules = {}  # text of the C initialiser -> name
        self.types = []
        for file, document in self.files.items():
            if document.get("x-root"):
                self.types.append(Type(self, file, snake(document["title"]), document))
            for name, node in document.get("$defs", {}).items():
                if "properties" in node:
                    self.types.append(Type(self, file, snake(name), node))
        names = [t.name for t in self.types]
        for name in names:
            if names.count(name) > 1:
                fail(name, "defined twice")

    def lookup(self, file, ref, where):
        """Follows one $ref: (file, node, name)."""
        other, _, pointer = ref.partition("#")
        file = other or file
        if file not in self.files:
            fail(where, f"{ref}: no such file")
        if not pointer:
            return file, self.files[file], self.files[file]["title"]
        if not pointer.startswith("/$defs/"):
            fail(where, f"{ref}: only #/$defs/NAME is understood")
        name = pointer[len("/$defs/"):]
        if name not in self.files[file]["$defs"]:
            fail(where, f"{ref}: no such definition")
        return file, self.files[file]["$defs"][name], name

    def flatten(self, file, node, where):
        """The node with its $ref replaced by what it refers to; its own members come first. A reference to an
        object with properties stays one: "type-name" names it."""
        unknown = set(node) - UNDERSTOOD
        if unknown:
            fail(where, f"{', '.join(sorted(unknown))}: not understood")
        if "properties" in node:
            fail(where, "objects with properties belong into $defs")
        node = dict(node)
        ref = node.pop("$ref", None)
        if ref is None:
            for child in ("items", "additionalProperties"):
                if isinstance(node.get(child), dict) and "$ref" in node[child]:
                    node[child] = self.absolute(file, node[child])
            return node
        other_file, target, name = self.lookup(file, ref, where)
        if "properties" in target:
            return {**node, "type": "object", "type-name": snake(name)}
        return {**self.flatten(other_file, target, where), **node}

    @staticmethod
    def absolute(file, node):
        ref = node["$ref"]
        return {**node, "$ref": ref if not ref.startswith("#") else file + ref}

    def rule(self, node):
        """The name of the rule for a string with this node's enum, pattern and minLength."""
        if not any(k in node for k in ("enum", "pattern", "minLength")):
            return None
        values = node.get("enum")
        if node.get("minLength", 0) > 1:
            fail("minLength", "only 1 is understood")
        text = (tuple(v for v in values if v) if values else None, node.get("pattern"), node.get("minLength", 0),
                node.get("x-expect"))
        if not values and not text[3]:
            fail(str(text), "pattern and minLength need x-expect")
        return self.rules.setdefault(text, f"rule_{len(self.rules)}")


def wrap(text, indent, width=110):
    """A C comment, on one line or several."""
    if len(indent) + len(text) + 6 <= width:
        return [f"{indent}/* {text} */"]
    lines, line = [], ""
    for word in text.split():
        if line and len(indent) + 3 + len(line) + 1 + len(word) > width - 3:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    out = [f"{indent}/* {lines[0]}"] + [f"{indent} * {rest}" for rest in lines[1:]]
    out[-1] += " */"
    return out


HEADER = """/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Made by generate.py from schema/: do not edit. generate.py says how JSON becomes C, oci.h how to use it. */
#ifndef OCISPEC_H
#define OCISPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* GNU C predefines this name; here it is that of a property. */
#undef linux

struct oci_string_pair {
        char *key;
        char *value;
};

struct oci_string_map {
        size_t n;
        struct oci_string_pair *entries; /* in the order of the document */
};
"""


def header(schemas):
    out = [HEADER]
    maps = sorted({p.type for t in schemas.types for p in t.properties if p.shape == "MAP" and p.kind == "OBJECT"})
    for t in schemas.types:
        out.append(f"struct oci_{t.name};")
    for m in maps:
        out += ["", f"struct oci_{m}_pair {{", "        char *key;", f"        struct oci_{m} *value;", "};", "",
                f"struct oci_{m}_map {{", "        size_t n;",
                f"        struct oci_{m}_pair *entries; /* in the order of the document */", "};"]
    for t in schemas.types:
        out.append("")
        out += wrap(t.description, "")
        out.append(f"struct oci_{t.name} {{")
        for p in t.properties:
            if p.kind != "IGNORED":
                out += wrap(p.comment(), "        ")
            out += ["        " + line for line in p.fields()]
        out.append("};")
    out.append("")
    out.append("/* The descriptors, for oci_decode() and oci_encode(). */")
    out.append("struct oci_type;")
    out += [f"extern const struct oci_type oci_{t.name}_type;" for t in schemas.types]
    out += ["", "#endif"]
    return out


def tables(schemas):
    out = ["/* SPDX-License-Identifier: LGPL-2.1-or-later */",
           "/* Made by generate.py from schema/: do not edit. oci.h explains the members. */",
           '#include "oci.h"', ""]
    for (values, pattern, min_length, expect), name in schemas.rules.items():
        if values:
            out.append(f"static const char *const {name}_values[] = {{")
            out += [f"        {c_string(v)}," for v in values]
            out += ["        NULL,", "};"]
        out.append(f"static const struct oci_rule {name} = {{")
        out.append(f"        .values = {name + '_values' if values else 'NULL'},")
        out.append(f"        .pattern = {c_string(pattern)},")
        out.append(f"        .expect = {c_string(expect)},")
        out.append(f"        .min_length = {min_length},")
        out += ["};", ""]
    for t in schemas.types:
        out += table(t)
    out.append("const struct oci_type *const oci_types[] = {")
    out += [f"        &oci_{t.name}_type," for t in schemas.types]
    out += ["        NULL,", "};"]
    return out


def table(t):
    struct = f"struct oci_{t.name}"
    out = [f"static const struct oci_property {t.name}_properties[] = {{"]
    for p in t.properties:
        out.append("        {")
        out.append(f"                .name = {c_string(p.name)},")
        out.append(f"                .kind = OCI_{p.kind},")
        out.append(f"                .shape = OCI_{p.shape},")
        if p.kind != "IGNORED":
            out.append(f"                .offset = offsetof({struct}, {p.field}),")
        if p.shape == "ARRAY":
            out.append(f"                .count_offset = offsetof({struct}, n_{p.field}),")
        elif p.shape == "ONE" and p.kind in ("BOOLEAN", "INTEGER"):
            out.append(f"                .has_offset = offsetof({struct}, has_{p.field}),")
        for flag in ("required", "empty_is_absent"):
            if getattr(p, flag):
                out.append(f"                .{flag} = true,")
        if p.kind == "INTEGER":
            minimum = "INT64_MIN" if p.minimum == -(1 << 63) else str(p.minimum)
            out.append(f"                .width = {p.width},")
            out.append(f"                .is_signed = {str(p.signed).lower()},")
            out.append(f"                .minimum = {minimum},")
            out.append(f"                .maximum = {p.maximum}U,")
            if p.decimals:
                out.append(f"                .decimals = {p.decimals},")
        if p.min_items:
            out.append(f"                .min_items = {p.min_items},")
        if p.rule:
            out.append(f"                .rule = &{p.rule},")
        if p.key_rule:
            out.append(f"                .key_rule = &{p.key_rule},")
        if p.type:
            out.append(f"                .type = &oci_{p.type}_type,")
        out.append("        },")
    out.append("};")
    order = sorted(range(len(t.properties)), key=lambda i: t.properties[i].name.encode())
    out.append(f"static const uint8_t {t.name}_sorted[] = {{ {', '.join(map(str, order))} }};")
    out += [f"const struct oci_type oci_{t.name}_type = {{",
            f"        .name = {c_string(t.name)},",
            f"        .size = sizeof({struct}),",
            f"        .n_properties = {len(t.properties)},",
            f"        .required = {sum(1 << i for i, p in enumerate(t.properties) if p.required):#x},",
            f"        .properties = {t.name}_properties,",
            f"        .sorted = {t.name}_sorted,",
            "};", ""]
    return out


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("header", "tables"):
        sys.exit("usage: generate.py header|tables SCHEMA...")
    schemas = Schemas(sys.argv[2:])
    print("\n".join((header if sys.argv[1] == "header" else tables)(schemas)))


main()
