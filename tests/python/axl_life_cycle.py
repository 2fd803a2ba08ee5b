"""Runs the whole life of a user's desk on a Unified CM, with the third-party client ciscoaxl, and with zeep itself.

    axl_life_cycle.py HOST PORT VERSION LOGIN PASSWORD

REQUESTS_CA_BUNDLE names the file of the certificate that vouches for the device. Anything unexpected ends it with an error.
"""

import sys

from ciscoaxl import axl
from zeep.exceptions import Fault

PHONE = "SEP0011AABBCCDD"


def done(answer):
    """ciscoaxl gives a fault back instead of raising it."""
    if isinstance(answer, Exception):
        raise answer
    return answer


def refused(call, code):
    try:
        answer = call()
    except Fault as fault:
        answer = fault
    assert isinstance(answer, Fault), answer
    assert answer.detail.findtext("axlError/axlcode") == code, answer.message


def add(client):
    uuid = done(client.add_user("tony", "Soprano", "Tony"))["return"]
    assert len(uuid) == 38 and uuid.startswith("{"), uuid
    done(client.add_partition("Sales", "Sales numbers"))
    done(client.add_calling_search_space("Sales calls", members=["Sales"]))
    done(client.add_directory_number("1001", "Sales", alerting_name="Tony"))
    lines = [("1001", "Sales", "Tony", "Tony", "Tony - 1001", "4420XXXX")]
    done(
        client.add_phone(
            PHONE,
            "Tony's desk",
            product="Cisco 8861",
            protocol="SIP",
            securityProfileName="Cisco 8861 - Standard SIP Non-Secure Profile",
            css="Sales calls",
            ownerUserName="tony",
            lines=lines,
            em_service_url=True,
        )
    )
    done(client.update_user(userid="tony", associatedDevices={"device": [PHONE]}))
    refused(lambda: client.add_user("tony", "Soprano", "Tony"), "-239")


def change(client):
    done(client.update_phone(name=PHONE, description="Tony's new desk"))
    phone = done(client.get_phone(name=PHONE))
    assert phone["description"] == "Tony's new desk", phone
    assert phone["ownerUserName"]["_value_1"] == "tony", phone
    assert phone["callingSearchSpaceName"]["_value_1"] == "Sales calls", phone
    [line] = phone["lines"]["line"]
    assert (line["dirn"]["pattern"], line["dirn"]["routePartitionName"]["_value_1"]) == ("1001", "Sales"), line
    [service] = phone["services"]["service"]
    assert service["name"] == "Extension Mobility", service
    done(client.update_directory_number(pattern="1001", routePartitionName="Sales", newPattern="1002"))
    [line] = done(client.get_phone(name=PHONE))["lines"]["line"]
    assert line["dirn"]["pattern"] == "1002", line


def look(client):
    assert [phone["name"] for phone in client.get_phones()] == [PHONE]
    assert [user["userid"] for user in client.get_users()] == ["tony"]
    assert [number["pattern"] for number in done(client.get_directory_numbers())] == ["1002"]
    user = done(client.get_user("tony"))
    assert user["associatedDevices"]["device"] == [PHONE], user
    query = (
        "select d.name, n.dnorpattern from device d inner join devicenumplanmap m on m.fkdevice = d.pkid "
        "inner join numplan n on n.pkid = m.fknumplan where d.tkclass = 1"
    )
    answer = client.run_sql_query(query)
    assert answer["rows"] == [{"name": PHONE, "dnorpattern": "1002"}], answer


def calls(client):
    """What calls come by: a line group, a hunt list and its pilot, a pickup group, a CTI route point."""
    number = {"pattern": "1002", "routePartitionName": "Sales"}
    hunting = ["huntAlgorithmNoAnswer", "huntAlgorithmBusy", "huntAlgorithmNotAvailable"]
    done(
        client.add_line_group(
            name="Sellers",
            distributionAlgorithm="Top Down",
            rnaReversionTimeOut=10,
            members={"member": [{"lineSelectionOrder": 0, "directoryNumber": number}]},
            **dict.fromkeys(hunting, "Stop hunting"),
        )
    )
    members = {"member": [{"lineGroupName": "Sellers", "selectionOrder": 1}]}
    done(client.add_hunt_list(name="Selling", callManagerGroupName="Default", routeListEnabled="true", members=members))
    pilot = {"pattern": "1900", "routePartitionName": "Sales"}
    mask = "Default"
    done(client.add_hunt_pilot(**pilot, blockEnable="false", useCallingPartyPhoneMask=mask, huntListName="Selling"))
    assert done(client.get_hunt_pilot(**pilot))["huntListName"]["_value_1"] == "Selling"
    done(client.add_call_pickup_group(name="Pickers", pattern="1901", routePartitionName="Sales"))
    done(client.update_directory_number(**number, callPickupGroupName="Pickers"))
    done(client.add_cti_route_point("Queue", lines=[("1002", "Sales")]))
    assert [point["name"] for point in done(client.get_cti_route_points())] == ["Queue"]
    plan = done(client.list_route_plan("%"))
    assert sorted(row["dnOrPattern"] for row in plan) == ["1002", "1900", "1901"], plan
    refused(lambda: client.delete_line_group(name="Sellers"), "-692")
    done(client.delete_cti_route_point(name="Queue"))
    done(client.delete_call_pickup_group(name="Pickers"))
    done(client.delete_hunt_pilot(**pilot))
    done(client.delete_hunt_list(name="Selling"))
    done(client.delete_line_group(name="Sellers"))


def media(client):
    """What calls get their media from, which the phone finds by a list of groups."""
    done(client.add_conference_bridge("Bridge"))
    done(client.add_transcoder("Transcoder"))
    done(client.add_media_resource_group("Media", members=["Bridge", "Transcoder", "MTP_2"]))
    done(client.add_media_resource_group_list("Media", members=["Media"]))
    done(client.update_phone(name=PHONE, mediaResourceListName="Media"))
    members = done(client.get_media_resource_group(name="Media"))["members"]["member"]
    assert [member["deviceName"]["_value_1"] for member in members] == ["Bridge", "Transcoder", "MTP_2"], members
    refused(lambda: client.delete_media_resource_group_list("Media"), "-692")
    refused(lambda: client.delete_conference_bridge("Bridge"), "-692")


def application(client):
    """A program that watches the phone, with zeep alone: ciscoaxl has no call for it."""
    watcher = {"userid": "watcher", "password": "secret", "associatedDevices": {"device": [PHONE]}}
    client.client.addAppUser(watcher)
    user = client.client.getAppUser(userid="watcher")["return"]["appUser"]
    assert user["associatedDevices"]["device"] == [PHONE], user
    client.client.removeAppUser(userid="watcher")
    refused(lambda: client.client.getAppUser(userid="watcher"), "5007")


def extension_mobility(client):
    """The profile is made with all that the client has as usual."""
    done(client.add_device_profile("tony"))
    done(client.update_user(userid="TONY", phoneProfiles={"profileName": ["tony"]}))
    done(client.update_phone(name=PHONE, enableExtensionMobility="true"))
    login = {"deviceName": PHONE, "loginDuration": 3600, "profileName": "tony", "userId": "tony"}
    assert done(client.do_device_login(**login))["return"] == "true"
    phone = done(client.get_phone(name=PHONE))
    assert (phone["loginUserId"], phone["currentProfileName"]["_value_1"]) == ("tony", "tony"), phone
    assert done(client.do_device_logout(deviceName=PHONE))["return"] == "true"
    done(client.delete_device_profile(name="tony"))


def changes(client, version):
    """The queue of changes, with zeep alone: ciscoaxl has no call for it."""
    if version == "9.1":
        return
    queue = client.client.listChange()["queueInfo"]
    done(client.update_phone(name=PHONE, description="Tony's last desk"))
    start = {"queueId": queue["queueId"], "_value_1": queue["nextStartChangeId"]}
    [told] = client.client.listChange(start, [{"object": ["Phone"]}])["changes"]["change"]
    [tag] = told["changedTags"]["changedTag"]
    assert (told["type"], told["action"]) == ("Phone", "u"), told
    assert (tag["name"], tag["_value_1"]) == ("description", "Tony's last desk"), told


def remove(client):
    done(client.delete_phone(name=PHONE))
    done(client.delete_media_resource_group_list("Media"))
    done(client.delete_media_resource_group("Media"))
    done(client.delete_transcoder("Transcoder"))
    done(client.delete_conference_bridge("Bridge"))
    done(client.delete_directory_number(pattern="1002", routePartitionName="Sales"))
    done(client.delete_user(userid="tony"))
    done(client.delete_calling_search_space(name="Sales calls"))
    done(client.delete_partition(name="Sales"))
    refused(lambda: client.get_user("tony"), "5007")
    assert client.get_phones() == []


def main(host, port, version, login, password):
    client = axl(login, password, host, version, cucm_port=port, strict_ssl=True)
    add(client)
    change(client)
    look(client)
    calls(client)
    media(client)
    application(client)
    extension_mobility(client)
    changes(client, version)
    remove(client)


if __name__ == "__main__":
    main(*sys.argv[1:])
