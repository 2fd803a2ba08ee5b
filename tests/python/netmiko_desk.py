"""Configures a desk with netmiko, from its first line to its last: netmiko_desk.py ROUTER_PORT UNITY_EXPRESS_PORT"""

import sys

from netmiko import ConnectHandler
from paramiko import AutoAddPolicy, SSHClient


def connect(port):
    return ConnectHandler(
        device_type="cisco_ios",
        host="127.0.0.1",
        port=int(port),
        username="dialtone",
        password="dialtone",
        secret="dialtone",
    )


def shows(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is missing in:\n{text}"


def tables(connection):
    """What scripts make tables of."""

    def table(command):
        rows = connection.send_command(command, use_textfsm=True)
        assert isinstance(rows, list) and rows, f"{command}: {rows!r}"
        return rows

    assert table("show version")[0]["hostname"] == "CME"
    assert [row["pid"].strip() for row in table("show inventory")][0] == "CISCO2951/K9"
    addresses = {row["interface"]: row["ip_address"] for row in table("show ip interface brief")}
    assert addresses["GigabitEthernet0/0"] == "10.0.0.1", addresses
    up = {row["interface"]: (row["link_status"], row["prefix_length"]) for row in table("show interfaces")}
    assert up["GigabitEthernet0/0"] == ("up", "24") and up["GigabitEthernet0/1"][0] == "administratively down", up
    assert [row["port"] for row in table("show interfaces description")] == ["Gi0/0", "Gi0/1"]
    assert table("show users")[0]["user"] == "dialtone"
    assert table("show clock")[0]["timezone"] == "UTC"


def router(port):
    connection = connect(port)
    connection.enable()
    assert connection.find_prompt() == "CME#"
    tables(connection)
    assert connection.check_enable_mode()
    configured = connection.send_config_set(
        [
            "ephone-dn 1 dual-line",
            "number 1001",
            "label Tony",
            "name Tony Jones",
            "call-forward busy 5000",
            "call-forward noan 5000 timeout 20",
            "ephone 1",
            "mac-address 0011.2233.4455",
            "type 7965",
            "button 1:1",
        ],
        error_pattern=r"% ",
    )
    shows(configured, "CME(config-ephone-dn)#", "CME(config-ephone)#")
    running = connection.send_command("show running-config")
    shows(
        running,
        "ephone-dn  1  dual-line\n number 1001\n label Tony\n name Tony Jones\n call-forward busy 5000\n",
        "ephone  1\n device-security-mode none\n mac-address 0011.2233.4455\n type 7965\n button  1:1\n",
    )
    shows(connection.send_command("sh run | sec ephone-dn"), "ephone-dn  1  dual-line")
    wrong = connection.send_config_set(["ephone-dn 1", "colour red", "call-forward", "n 1"])
    shows(wrong, "% Invalid input detected at '^' marker.", "% Incomplete command.", '% Ambiguous command:  "n 1"')
    shows(connection.send_config_set(["ephone-dn 700"]), "exceeds max-dn 144")
    shows(connection.send_config_set(["ephone 2", "mac-address 0011.2233.4455", "no ephone 2"]), "already in use")
    shows(connection.send_command("show ephone"), "ephone-1[0] Mac:0011.2233.4455")
    shows(connection.send_command("show ephone summary"), "ephone-1 Mac:0011.2233.4455", "Unregistered 1")
    shows(connection.send_command("show telephony-service ephone-dn"), "ephone-dn 1 dual-line\n", "number 1001")
    shows(connection.send_command("show telephony-service"), "max-ephones 42")
    assert connection.send_command("show ephone registered") == ""
    shows(connection.send_command("show version | include IOS"), "Version 15.1(4)M")
    asked = connection.send_command("configure", expect_string=r"\]\? ")
    shows(asked, "Configuring from terminal, memory, or network [terminal]?")
    connection.send_command("", expect_string=r"\(config\)#")
    assert connection.exit_config_mode().endswith("#")
    peer = ["dial-peer voice 100 voip", "destination-pattern 9T", "session target ipv4:192.0.2.9", "no vad"]
    shows(connection.send_config_set(peer, error_pattern=r"% "), "CME(config-dial-peer)#")
    shows(connection.send_command("show dial-peer voice summary"), "9T")
    connection.send_config_set(["no dial-peer voice 100", "interface gi0/0", "description LAN"], error_pattern=r"% ")
    shows(connection.send_command("show running-config interface gi0/0"), "interface GigabitEthernet0/0\n description LAN")
    shows(connection.save_config(), "[OK]")
    shows(connection.send_command("show startup-config"), "button  1:1")
    shows(told(port, "simulator state"), '"ephone-dn 1"', '"number 1001"')
    shows(told(port, "simulator log"), "ephone 1: button 1:1")
    connection.send_config_set(["no ephone 1", "no ephone-dn 1"], error_pattern=r"% ")
    assert "1001" not in connection.send_command("show running-config")
    connection.disconnect()


def told(port, what):
    """What a device tells of itself beside any protocol."""
    client = SSHClient()
    client.set_missing_host_key_policy(AutoAddPolicy())
    client.connect("127.0.0.1", int(port), "dialtone", "dialtone", look_for_keys=False, allow_agent=False)
    _, answer, _ = client.exec_command(what)
    text = answer.read().decode()
    client.close()
    return text


def unity_express(port):
    connection = connect(port)
    connection.enable()
    assert connection.check_enable_mode() and connection.find_prompt().startswith("se-")
    for line in [
        "username tony create",
        'username tony fullname display "Tony Jones"',
        'username tony password "tulip"',
        "username tony pin 918273",
    ]:
        assert connection.send_command(line) == "", line
    connection.send_config_set(["username tony phonenumber 1001", "voice mailbox owner tony size 600", "end"])
    shows(connection.send_command("show users"), "tony")
    shows(connection.send_command("show user detail username tony"), "Tony Jones", "1001")
    shows(connection.send_command("show voicemail mailboxes"), "tony")
    shows(connection.send_command("show voicemail detail mailbox tony"), "600")
    shows(connection.send_command("show running-config"), "username tony create")
    connection.save_config()
    connection.send_config_set(["no voice mailbox owner tony"])
    assert connection.send_command("username tony delete") == ""
    assert "tony" not in connection.send_command("show users")
    connection.disconnect()


router(sys.argv[1])
unity_express(sys.argv[2])
