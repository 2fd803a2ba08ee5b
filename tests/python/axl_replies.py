"""Asks a simulated Unified CM for all that the maker's schema lets a client ask for, and checks each reply against it.

    axl_replies.py HOST PORT VERSION LOGIN PASSWORD

Everything is asked by the schema alone: each list by each criterion, for all of its tags; the objects found, whole, and for
all tags of a get. Before that one object is added of each kind that people own or that calls go by, with what the schema
demands. The replies of what is asked of people are checked too.
REQUESTS_CA_BUNDLE names the file of the certificate that vouches for the device. Anything unexpected ends it with an error.
"""

import sys
import urllib.parse

import requests
from lxml import etree

from axl_schema import SOAP, schema_file, wrong

XSD = "{http://www.w3.org/2001/XMLSchema}"
CLASSES = """
    RoutePartition Css Line User Phone DeviceProfile RemoteDestinationProfile RemoteDestination CtiRoutePoint
    CallPickupGroup LineGroup HuntList HuntPilot SipTrunk RouteGroup RouteList RoutePattern TransPattern
    CalledPartyTransformationPattern CallingPartyTransformationPattern UserGroup UcService IpPhoneServices DevicePool Region Location
    CallManagerGroup DateTimeGroup Srst CommonPhoneConfig PresenceGroup PhoneButtonTemplate SoftKeyTemplate SipProfile
    PhoneSecurityProfile VoiceMailProfile ServiceProfile ProcessNode LdapDirectory Gateway
""".split()
# What is added, in this order, and the values of what is mandatory.
ADDED = CLASSES[: CLASSES.index("DevicePool")]
PROFILE = "Remote Destination Profile"
OWN = {
    "Phone": {"name": "SEP0011AABBCCDD", "product": "Cisco 7965", "class": "Phone", "protocol": "SCCP"},
    "DeviceProfile": {"name": "tony", "product": "Cisco 7965", "class": "Device Profile", "protocol": "SCCP"},
    PROFILE.replace(" ", ""): {"name": "tony", "product": PROFILE, "class": PROFILE, "protocol": PROFILE[:-8]},
    "RemoteDestination": {"remoteDestinationProfileName": "tony"},
    "CtiRoutePoint": {**dict.fromkeys(["product", "class"], "CTI Route Point"), "protocol": "SCCP"},
    "SipTrunk": {"product": "SIP Trunk", "class": "Trunk", "protocol": "SIP"},
    "TransPattern": {"usage": "Translation"},
    "RouteGroup": {"distributionAlgorithm": "Circular"},
    "RoutePattern": {"gatewayName": "Sales"},
    "UcService": {"serviceType": "CTI"},
    "IpPhoneServices": {"serviceCategory": "XML Service", "serviceType": "Standard IP Phone Service"},
}
USUAL = {
    "protocolSide": "User",
    "devicePoolName": "Default",
    "commonPhoneConfigName": "Standard Common Phone Profile",
    "locationName": "Hub_None",
    "phoneTemplateName": "Standard 7965 SCCP",
    "packetCaptureMode": "None",
    "certificateOperation": "No Pending Operation",
    "presenceGroupName": "Standard Presence group",
    "usage": "Device",
    "pattern": "1001",
    "destination": "447700900123",
    "answerTooSoonTimer": "1500",
    "answerTooLateTimer": "19000",
    "delayBeforeRingingCell": "4000",
    "lastName": "Soprano",
    **dict.fromkeys(["name", "serviceName", "asciiServiceName"], "Sales"),
    "distributionAlgorithm": "Top Down",
    "rnaReversionTimeOut": "10",
    "huntListName": "Sales",
    "deviceName": "Sales",
    "callingAndCalledPartyInfoFormat": "Deliver DN only in connected party",
    "networkLocation": "OnNet",
    "hostnameorip": "192.0.2.7",
    "presenceGroupName": "Standard Presence group",
    **dict.fromkeys(["deviceSelectionOrder", "port"], "1"),
    **dict.fromkeys(["huntAlgorithmNoAnswer", "huntAlgorithmBusy", "huntAlgorithmNotAvailable"], "Stop hunting"),
    "blockEnable": "false",
    "useCallingPartyPhoneMask": "Default",
    **dict.fromkeys(["userid", "userId", "ownerUserId"], "tony"),
    **dict.fromkeys(["builtInBridgeStatus", "useTrustedRelayPoint"], "Default"),
    **dict.fromkeys(["deviceMobilityMode", "callInfoPrivacyStatus"], "Default"),
}


class Schema:
    def __init__(self, version):
        document = etree.parse(schema_file(version))
        self.check = etree.XMLSchema(document)
        self.types = {kind.get("name"): kind for kind in document.getroot().iter(f"{XSD}complexType")}
        self.operations = {one.get("name"): one for one in document.getroot().findall(f"{XSD}element")}

    def kind(self, element):
        name = element.get("type")
        return element.find(f"{XSD}complexType") if name is None else self.types.get(name.split(":")[-1])

    def parts(self, kind):
        """The elements of a type, with those of the type that it extends; of a choice without a name of its own, the first."""
        if kind is None:
            return []
        extension = kind.find(f"{XSD}complexContent/{XSD}extension")
        base = [] if extension is None else self.parts(self.types[extension.get("base").split(":")[-1]])
        return base + [part for group in (kind if extension is None else extension) for part in self.group(group)]

    def group(self, group):
        if group.tag == f"{XSD}element":
            return [group] if group.get("name") else []
        if group.tag == f"{XSD}choice":
            return self.group(group[0])
        return [part for member in group for part in self.group(member)] if group.tag == f"{XSD}sequence" else []

    def operation(self, name):
        return {part.get("name"): part for part in self.parts(self.kind(self.operations[name]))}

    def all_tags(self, element):
        inner = "".join(self.all_tags(part) for part in self.parts(self.kind(element)))
        return f"<{element.get('name')}>{inner}</{element.get('name')}>"

    def whole(self, element, own):
        """What an addition demands."""
        name = element.get("name")
        parts = [part for part in self.parts(self.kind(element)) if part.get("minOccurs", "1") != "0"]
        values = {**USUAL, **own}
        if name not in values and element.get("nillable") == "true":
            return f'<{name} xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>'
        inner = "".join(self.whole(part, own) for part in parts) or values.get(name, "")
        return f"<{name}>{inner}</{name}>"


class Device:
    def __init__(self, address, version, account):
        self.address, self.version = address, version
        self.schema = Schema(version)
        self.session = requests.Session()
        self.session.auth = account

    def ask(self, operation, content):
        action = {"SOAPAction": f'"CUCM:DB ver={self.version} {operation}"', "Content-Type": "text/xml"}
        space = f"http://www.cisco.com/AXL/API/{self.version}"
        request = f'<a:{operation} xmlns:a="{space}">{content}</a:{operation}>'
        envelope = f'<e:Envelope xmlns:e="{SOAP[1:-1]}"><e:Body>{request}</e:Body></e:Envelope>'
        answer = self.session.post(self.address, envelope.encode(), headers=action)
        [reply] = etree.fromstring(answer.content).find(f"{SOAP}Body")
        assert answer.status_code == 200, (request, answer.text)
        reply = etree.fromstring(etree.tostring(reply))
        problems = wrong(self.schema.check, reply)
        assert not problems, (request, problems)
        return reply.find("return")

    def add(self, name):
        [element] = self.schema.operation(f"add{name}").values()
        self.ask(f"add{name}", self.schema.whole(element, OWN.get(name, {})))

    def look(self, name):
        parts = self.schema.operation(f"list{name}")
        criteria = [part.get("name") for part in self.schema.parts(self.schema.kind(parts["searchCriteria"]))]
        tags = self.schema.all_tags(parts["returnedTags"])
        for criterion in criteria:
            asked = f"<searchCriteria><{criterion}>%</{criterion}></searchCriteria>"
            found = self.ask(f"list{name}", asked + tags)
        tags = self.schema.operation(f"get{name}").get("returnedTags")
        for found_object in found[:3]:
            uuid = f"<uuid>{found_object.get('uuid')}</uuid>"
            assert len(self.ask(f"get{name}", uuid)) == 1
            assert len(self.ask(f"get{name}", uuid + ("" if tags is None else self.schema.all_tags(tags)))) == 1
        assert len(found) or name not in ADDED, name


def converse(device):
    """What is asked of a user who has a profile, and of a phone that lets people log in."""
    update = "<userid>tony</userid><pin>918273</pin><phoneProfiles><profileName>tony</profileName></phoneProfiles>"
    device.ask("updateUser", update)
    assert device.ask("doAuthenticateUser", "<userid>TONY</userid><pin>918273</pin>").findtext("userAuthenticated") == "true"
    phone = OWN["Phone"]["name"]
    device.ask("updatePhone", f"<name>{phone}</name><enableExtensionMobility>true</enableExtensionMobility>")
    login = f"<deviceName>{phone}</deviceName><loginDuration>60</loginDuration><profileName>tony</profileName>"
    assert device.ask("doDeviceLogin", f"{login}<userId>tony</userId>").text == "true"
    device.look("Phone")
    assert device.ask("doDeviceLogout", f"<deviceName>{phone}</deviceName>").text == "true"
    if device.version != "9.1":
        assert device.ask("doChangeDNDStatus", "<userID>tony</userID><dndStatus>true</dndStatus>").text == "true"
    tags = device.schema.all_tags(device.schema.operation("listRoutePlan")["returnedTags"])
    plan = device.ask("listRoutePlan", f"<searchCriteria><dnOrPattern>%</dnOrPattern></searchCriteria>{tags}")
    assert len({row.findtext("type") for row in plan}) == 7, "a line, a group, a pilot, and four kinds of patterns"
    member = "<name>Sales</name><addMembers><member><userId>tony</userId></member></addMembers>"
    device.ask("updateUserGroup", member)
    device.look("UserGroup")
    device.look("User")


def main(host, port, version, login, password):
    device = Device(urllib.parse.urlunsplit(("https", f"{host}:{port}", "/axl/", "", "")), version, (login, password))
    for name in ADDED:
        device.add(name)
    for name in CLASSES:
        device.look(name)
    converse(device)


if __name__ == "__main__":
    main(*sys.argv[1:])
