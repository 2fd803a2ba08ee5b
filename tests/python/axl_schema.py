"""Checks what went over the wire of simulated Unified CMs against the AXL schema of each version.

    axl_schema.py RECORDING

The schemas are those that the packages ciscoaxl and CollabConnector bring along. One that is missing is a failure.
Prints how many messages of each operation were checked.
"""

import collections
import importlib.util
import json
import pathlib
import sys

from lxml import etree

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"

# What devices take and give although their own schema doesn't have it, each with its reason.
# A list of lines that becomes empty: the schema wants one line at least, but there is no other way to empty the list of a
# profile, and clients such as ciscoaxl send it.
EMPTY_LINES = "Element 'lines': Missing child element(s)"
# A user group whose name has blanks: the schema of 9.1 forbids them, but the groups that the maker delivers have them.
NAME_WITH_BLANKS = "UniqueName128"


def schema_file(version):
    for package, folder in (("ciscoaxl", "schema"), ("CollabConnector", "CUCM/AXL/schema")):
        origin = importlib.util.find_spec(package).submodule_search_locations[0]
        path = pathlib.Path(origin, folder, version, "AXLSoap.xsd")
        if path.exists():
            return path
    raise SystemExit(f"there is no AXL schema of version {version}")


def body(document):
    """The one element in the body of an envelope, as a document of its own."""
    envelope = etree.fromstring(document.encode())
    [element] = envelope.find(f"{SOAP}Body")
    return etree.fromstring(etree.tostring(element))


def is_allowed(error):
    return any(known in error.message for known in (EMPTY_LINES, NAME_WITH_BLANKS))


def wrong(schema, element):
    if schema.validate(element):
        return []
    return [str(error.message) for error in schema.error_log if not is_allowed(error)]


def wrong_fault(element):
    """A fault's detail is no global element of every version, so its form is checked here."""
    detail = element.find("detail/axlError")
    names = [child.tag for child in element] + ([] if detail is None else [child.tag for child in detail])
    expected = ["faultcode", "faultstring", "detail", "axlcode", "axlmessage", "request"]
    if names != expected:
        return [f"the fault has {names}"]
    if element.findtext("faultstring") != detail.findtext("axlmessage"):
        return ["the fault says two things"]
    int(detail.findtext("axlcode"))
    return []


def main(recording):
    schemas = {}
    checked = collections.Counter()
    failures = collections.Counter()
    for line in open(recording):
        exchange = json.loads(line)
        if not exchange["device"].startswith("axl") or exchange["request"] != "POST":
            continue
        request = body(exchange["sent"])
        name = etree.QName(request)
        version = name.namespace.rsplit("/", 1)[1]
        if version not in schemas:
            schemas[version] = etree.XMLSchema(etree.parse(schema_file(version)))
        schema = schemas[version]
        for problem in wrong(schema, request):
            failures[f"{version} {name.localname}: {problem}"] += 1
        checked[name.localname] += 1
        if exchange["status"] not in (200, 500) or not exchange["answered"]:
            continue
        answer = body(exchange["answered"])
        if answer.tag == f"{SOAP}Fault":
            problems, operation = wrong_fault(answer), "Fault"
        else:
            problems, operation = wrong(schema, answer), etree.QName(answer).localname
        for problem in problems:
            failures[f"{version} {operation}: {problem}"] += 1
        checked[operation] += 1
    for operation, count in sorted(checked.items()):
        print(operation, count)
    for failure, count in sorted(failures.items()):
        print(f"{failure} ({count} times)", file=sys.stderr)
    return 1 if failures or not checked else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
