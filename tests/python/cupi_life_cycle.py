"""Runs the whole life of mailboxes on a Unity Connection, with the third-party client ciscounityapi (XML, a login each
request), and with requests alone, as the maker's guide shows it (JSON, one session), for what that client has no call for.

    cupi_life_cycle.py HOST PORT LOGIN PASSWORD

The device has carmela in its LDAP directory, and anthony has tried too often to log in. REQUESTS_CA_BUNDLE names the file
of the certificate that vouches for the device. Anything unexpected ends it with an error.
"""

import sys

import ciscounityapi
import requests

TEMPLATE = "voicemailusertemplate"


class Json:
    """CUPI as JSON, in one session."""

    def __init__(self, host, port, login, password):
        self.base = f"https://{host}:{port}"
        self.session = requests.Session()
        self.session.auth = (login, password)
        self.session.headers["Accept"] = "application/json"

    def call(self, status, method, path, body=None):
        answer = self.session.request(method, f"{self.base}/vmrest/{path}", json=body)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.text and status not in (201, 204) else answer

    def refused(self, status, code, method, path, body=None):
        error = self.call(status, method, path, body)["errors"]
        assert error["code"] == code and error["message"], error


def created(answer):
    assert answer.status_code == 201, (answer.status_code, answer.text)
    assert answer.headers["Location"] == answer.text, answer.headers
    return answer.text.rsplit("/", 1)[1]


def done(answer):
    assert (answer.status_code, answer.text) == (204, ""), (answer.status_code, answer.text)


def add(client):
    """Two users: one of the device's own, from a template made for the site, and one of the LDAP directory."""
    template = "<UserTemplate><Alias>Sales-IIQ</Alias></UserTemplate>"
    created(client.post(f"/vmrest/usertemplates?templateAlias={TEMPLATE}", template))
    tony = created(client.createLocalEndUser("tony", "1001", "tony@example.com", "Sales"))
    user = client.getUserWithMbx("tony")
    assert user["@total"] == "1" and user["User"]["ObjectId"] == tony, user
    assert (user["User"]["LdapType"], user["User"]["EmailAddress"]) == ("0", "tony@example.com"), user
    again = client.createLocalEndUser("tony", "1003", "tony@example.com", "Sales")
    assert again.status_code == 400 and again.json()["errors"]["code"], again.text

    candidate = client.getUserLDAP("carmela")["ImportUser"]
    carmela = created(client.postUserImportLDAP(TEMPLATE, "carmela", candidate["pkid"], "1002"))
    assert client.getUserLDAP("carmela") == {"@total": "0"}
    assert client.getUserWithMbxAttr(carmela)["LdapType"] != "0"
    return tony, carmela


def look(json):
    everybody = json.call(200, "GET", "users?sort=(alias asc)")
    assert [user["Alias"] for user in everybody["User"]] == ["carmela", "tony"], everybody
    page = json.call(200, "GET", "users?sort=(alias asc)&rowsPerPage=1&pageNumber=2")
    assert (page["@total"], page["User"]["Alias"]) == ("2", "tony"), "a list of one is its member"
    assert json.call(200, "GET", "users?query=(alias startswith car)&rowsPerPage=0") == {"@total": "1"}
    assert json.call(200, "GET", "version")["name"] == "vmrest"
    assert "JSESSIONID" in json.session.cookies


def change(client, json, tony):
    done(client.putUserCity(tony, "London"))
    json.call(204, "PUT", f"users/{tony}", {"Alias": "anthony", "DtmfAccessId": "1009"})
    user = client.getUserWithMbx("anthony")["User"]
    assert (user["ObjectId"], user["DtmfAccessId"], user["City"]) == (tony, "1009", "London"), user
    assert client.getUserWithMbx("tony") == {"@total": "0"}
    json.refused(400, "DATABASE_PROCEDURE_ERROR", "PUT", f"users/{tony}", {"Alias": "carmela"})


def log_in(json, tony):
    for which in ("pin", "password"):
        path = f"users/{tony}/credential/{which}"
        assert json.call(200, "GET", path)["HackCount"] != "0"
        json.call(204, "PUT", path, {"HackCount": "0", "TimeHacked": ""})
        credential = json.call(200, "GET", path)
        assert (credential["HackCount"], credential["Alias"]) == ("0", "anthony"), credential
    json.call(204, "PUT", f"users/{tony}/credential/pin", {"Credentials": "635241", "CredMustChange": "true"})
    json.call(204, "PUT", f"users/{tony}/credential/password", {"Credentials": "My1stPassword"})
    assert json.call(200, "GET", f"users/{tony}/credential/pin")["Credentials"] == ""
    json.refused(400, "INVALID_PARAMETER", "PUT", f"users/{tony}/credential/pin", {"Credentials": "none"})


def unified_messaging(json, tony):
    service = json.call(200, "GET", "externalservices")["ExternalService"]["ObjectId"]
    accounts = f"users/{tony}/externalserviceaccounts"
    body = {"ExternalServiceObjectId": service, "EmailAddress": "tony@example.com", "LoginType": "0"}
    account = f"{accounts}/{created(json.call(201, 'POST', accounts, body))}"
    json.refused(400, "DATABASE_PROCEDURE_ERROR", "POST", accounts, body)
    json.call(204, "PUT", account, {"EmailAddress": "anthony@example.com"})
    [told] = [json.call(200, "GET", accounts)["ExternalServiceAccount"]]
    assert told["EmailAddress"] == "anthony@example.com", told
    json.call(204, "DELETE", account)
    assert json.call(200, "GET", accounts) == {"@total": "0"}


def surroundings(json, tony):
    """What scripts look up before they set up a user: class of service, schedules, the user's own call handler, lists."""
    assert json.session.get(f"{json.base}/vmrest/cluster").status_code == 200
    user = json.call(200, "GET", f"users/{tony}")
    classes = json.call(200, "GET", "coses")["Cos"]
    assert user["CosObjectId"] in [each["ObjectId"] for each in classes], user
    handler = f"handlers/callhandlers/{user['CallHandlerObjectId']}"
    assert user["CallhandlerURI"] == f"/vmrest/{handler}", user
    schedules = {each["DisplayName"]: each["ObjectId"] for each in json.call(200, "GET", "schedulesets")["ScheduleSet"]}
    json.call(204, "PUT", handler, {"ScheduleSetObjectId": schedules["All Hours"]})
    assert json.call(200, "GET", handler)["ScheduleSetObjectId"] == schedules["All Hours"]
    extensions = f"users/{tony}/alternateextensions"
    created(json.call(201, "POST", extensions, {"IdIndex": "1", "DtmfAccessId": "2009"}))
    numbers = [each["DtmfAccessId"] for each in json.call(200, "GET", extensions)["AlternateExtension"]]
    assert numbers == ["1009", "2009"], numbers
    everybody = json.call(200, "GET", "distributionlists?query=(alias is allvoicemailusers)")["DistributionList"]
    members = f"distributionlists/{everybody['ObjectId']}/distributionlistmembers"
    created(json.call(201, "POST", members, {"MemberUserObjectId": tony}))
    assert json.call(200, "GET", members)["DistributionListMember"]["Alias"] == "anthony"


def remove(client, json, tony, carmela):
    done(client.deleteUserWithMbx(tony))
    done(client.deleteUserWithMbx(carmela))
    json.refused(404, "NOT_FOUND", "GET", f"users/{tony}")
    json.refused(404, "NOT_FOUND", "DELETE", f"users/{tony}")
    json.refused(405, "METHOD_NOT_ALLOWED", "DELETE", "users")
    assert client.getUserWithMbx("carmela") == {"@total": "0"}
    assert client.getUserLDAP("carmela")["@total"] == "1"


def main(host, port, login, password):
    client = ciscounityapi.api(f"{host}:{port}", login, password)
    json = Json(host, port, login, password)
    tony, carmela = add(client)
    look(json)
    change(client, json, tony)
    log_in(json, tony)
    unified_messaging(json, tony)
    surroundings(json, tony)
    remove(client, json, tony, carmela)
    assert requests.get(f"{json.base}/vmrest/users", auth=(login, "wrong")).status_code == 401


if __name__ == "__main__":
    main(*sys.argv[1:])
