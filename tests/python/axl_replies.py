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
    CalledPartyTransformationPattern CallingPartyTransformationPattern UserGroup UcService AppUser ConferenceBridge Mtp
    Transcoder MediaResourceGroup MediaResourceList H323Gateway Gateway GatewayEndpointAnalogAccess SipTrunkSecurityProfile
    SipProfile PhoneSecurityProfile CommonDeviceConfig RecordingProfile FeatureControlPolicy CredentialPolicy
    UserProfileProvision FeatureGroupTemplate LdapFilter LdapDirectory FacInfo CmcInfo CallPark DirectedCallPark MeetMe
    ConferenceNow MessageWaiting VoiceMailPilot SipRoutePattern RouteFilter IpPhoneServices TimePeriod TimeSchedule PhoneNtp
    PhysicalLocation DeviceMobilityGroup DeviceMobility LocalRouteGroup AarGroup CustomUserField DevicePool Region Location
    CallManagerGroup DateTimeGroup Srst CommonPhoneConfig PresenceGroup PhoneButtonTemplate SoftKeyTemplate VoiceMailProfile
    ServiceProfile ProcessNode MohServer MohAudioSource Annunciator CallManager ServiceParameter RegistrationDynamic
""".split()
# What is added, in this order, and the values of what is mandatory.
ADDED = CLASSES[: CLASSES.index("DevicePool")]
# What there is one of, and what is not listed.
SINGLE = ["LdapAuthentication", "LdapSystem"]
UNLISTED = ["GatewayEndpointAnalogAccess"]
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
    "ConferenceBridge": {"product": "Cisco Conference Bridge Hardware"},
    "Mtp": {"mtpType": "Cisco Media Termination Point Hardware"},
    "Transcoder": {"product": "Cisco Media Termination Point Hardware"},
    "H323Gateway": {"product": "H.323 Gateway", "class": "Gateway", "protocol": "H.225"},
    "Gateway": {"domainName": "Sales", "product": "VG310", "protocol": "MGCP"},
    "GatewayEndpointAnalogAccess": {
        **{"product": "Cisco MGCP FXS Port", "class": "Gateway", "protocol": "Analog Access", "domainName": "Sales"},
        **{"name": "AALN/S0/SU0/0@Sales", "callerIdEnable": "false", "trunkDirection": "Bothways"},
        **dict.fromkeys(["unit", "subunit", "index", "expectedDigits", "sigDigits", "smdiPortNumber"], "0"),
        **dict.fromkeys([f"timer{number}" for number in range(1, 7)], "0"),
        "trunkSelectionOrder": "Top Down",
    },
    "PhoneSecurityProfile": {"phoneType": "Cisco 8841", "protocol": "SIP"},
    "SipRoutePattern": {"pattern": "example.com", "usage": "Domain Routing"},
    "LdapDirectory": {"ldapDn": "cn=reader", "ldapPassword": "secret", "hostName": "192.0.2.9", "ldapPortNumber": "389"},
    "DeviceMobility": {"ipv4SubNetMaskSz": "24", "ipv6SubNetMaskSz": "64", "subNetMaskSz": "24"},
    "MessageWaiting": {"pattern": "8001"},
    "CallPark": {"pattern": "8002"},
    "DirectedCallPark": {"pattern": "8003", "retrievalPrefix": "9"},
    "MeetMe": {"pattern": "8004"},
    "LocalRouteGroup": {"name": "Sales"},
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
    "code": "1234",
    "authorizationLevel": "0",
    "callManagerName": "CM_cucm-1",
    "callManagerGroupName": "Default",
    "conferenceNowNumber": "8005",
    "maxWaitTimeForHost": "15",
    "dirn": "8006",
    "dialPlanName": "NANP",
    "field": "Desk",
    "filter": "(objectclass=*)",
    "ipAddress": "192.0.2.8",
    "mode": "Directed Broadcast",
    "nextExecTime": "2030-01-01 00:00",
    "recorderDestination": "8007",
    "userSearchBase": "dc=example",
    "subNet": "192.0.2.0",
    "serviceCategory": "XML Service",
    "serviceType": "Standard IP Phone Service",
    "BLFPresenceGp": "Standard Presence group",
    "sipBandwidthModifier": "TIAS and AS",
    "userAgentServerHeaderInfo": "Send Unified CM Version Information as User-Agent Header",
    "dialStringInterpretation": "Always treat all dial strings as URI addresses",
    "callingLineIdentification": "Default",
    "sipSessionRefreshMethod": "Invite",
    "earlyOfferSuppVoiceCall": "Disabled (Default value)",
    "cucmVersionInSipHeader": "Major And Minor",
    "confidentialAccessLevelHeaders": "Disabled",
    "sipV150OutboundSdpOfferFiltering": "Use Default Filter",
    "tunneledProtocol": "None",
    "callingPartySelection": "Originator",
    "callingLineIdPresentation": "Default",
    "signalingPort": "1720",
    **dict.fromkeys(["calledPartyIeNumberType", "callingPartyIeNumberType"], "Cisco CallManager"),
    **dict.fromkeys(["calledNumberingPlan", "callingNumberingPlan"], "Cisco CallManager"),
    **dict.fromkeys(["multicast", "messageWaitingIndicator", "isDefault", "trivialCredCheck", "sslEnabled"], "false"),
    **dict.fromkeys(["mediaResourceGroupName", "sipTrunkName", "timePeriodName", "serviceName", "asciiServiceName"], "Sales"),
    **dict.fromkeys(["order", "portNumber", "failedLogon", "resetFailedLogonAttempts", "lockoutDuration"], "1"),
    **dict.fromkeys(["credChangeDuration", "credExpiresAfter", "minCredLength", "prevCredStoredNum"], "1"),
    **dict.fromkeys(["inactiveDaysAllowed", "expiryWarningDays", "minCharsToChange"], "1"),
    **dict.fromkeys(["maxDeskPickupWait", "remoteDestinationLimit"], "4"),
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
        wanted = lambda part: part.get("minOccurs", "1") != "0" or part.get("name") in own
        parts = [part for part in self.parts(self.kind(element)) if wanted(part)]
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

    def has(self, operation):
        return operation in self.schema.operations

    def add(self, name):
        if not self.has(f"add{name}"):
            return
        [element] = self.schema.operation(f"add{name}").values()
        added = self.ask(f"add{name}", self.schema.whole(element, OWN.get(name, {})))
        if name in UNLISTED:
            self.get(name, f"<uuid>{added.text}</uuid>")

    def get(self, name, key):
        tags = self.schema.operation(f"get{name}").get("returnedTags")
        assert len(self.ask(f"get{name}", key)) == 1
        assert len(self.ask(f"get{name}", key + ("" if tags is None else self.schema.all_tags(tags)))) == 1

    def look(self, name):
        if not self.has(f"list{name}"):
            return
        parts = self.schema.operation(f"list{name}")
        criteria = [part.get("name") for part in self.schema.parts(self.schema.kind(parts["searchCriteria"]))]
        tags = self.schema.all_tags(parts["returnedTags"])
        for criterion in criteria:
            asked = f"<searchCriteria><{criterion}>%</{criterion}></searchCriteria>"
            found = self.ask(f"list{name}", asked + tags)
        for found_object in found[:3]:
            self.get(name, f"<uuid>{found_object.get('uuid')}</uuid>")
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
    assert len({row.findtext("type") for row in plan}) == 11, "lines, groups, pilots, codes and patterns of all kinds"
    member = "<name>Sales</name><addMembers><member><userId>tony</userId></member></addMembers>"
    device.ask("updateUserGroup", member)
    device.look("UserGroup")
    device.look("User")


def administer(device):
    """What there is already, and is changed only."""
    parameter = "<processNodeName>cucm-1</processNodeName><name>CdrEnabled</name><service>Cisco CallManager</service>"
    device.ask("updateServiceParameter", f"{parameter}<value>T</value>")
    service = "<processNodeName>cucm-1</processNodeName><service>Cisco CallManager</service>"
    if device.has("doServiceParametersReset"):
        device.ask("doServiceParametersReset", service)
    device.ask("updateLdapSystem", "<syncEnabled>true</syncEnabled>")
    device.ask("updateLdapAuthentication", "<authenticateEndUsers>false</authenticateEndUsers>")
    device.ask("updateMohServer", "<name>MOH_2</name><description>Music</description>")


def main(host, port, version, login, password):
    device = Device(urllib.parse.urlunsplit(("https", f"{host}:{port}", "/axl/", "", "")), version, (login, password))
    for name in ADDED:
        device.add(name)
    for name in CLASSES:
        device.look(name)
    for name in SINGLE:
        device.get(name, "")
    administer(device)
    converse(device)


if __name__ == "__main__":
    main(*sys.argv[1:])
