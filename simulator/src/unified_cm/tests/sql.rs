use super::super::objects::Objects;
use super::super::sql::select;
use super::{ask, desk, got, refused};
use crate::xml::Element;

fn found(sql: &str) -> Vec<String> {
    let rows = select(sql, &Objects::default()).unwrap();
    let row = |row: &Element| row.children.iter().map(|c| c.text.clone()).collect::<Vec<_>>().join(" | ");
    rows.iter().map(row).collect()
}

#[test]
fn rows_are_chosen_ordered_and_paged() {
    assert_eq!(found("SELECT name FROM location ORDER BY name"), ["Hub_None", "Phantom"]);
    assert_eq!(found("select skip 1 first 1 l.name from location as l order by l.name"), ["Phantom"]);
    assert_eq!(found("select name from location where name like 'Hub%' and name is not null"), ["Hub_None"]);
    assert_eq!(found("select name from location where name in ('Phantom', 'it''s')"), ["Phantom"]);
    assert_eq!(found("select name from location where name != 'Phantom';"), ["Hub_None"]);
    assert_eq!(found("select count(*) from location"), ["2"]);
    assert_eq!(found("select count(*) from location l, devicepool d"), ["2"]);
    assert_eq!(
        found("select name n from location where (name = 'Phantom' or name = 'x') and name != 'y'"),
        ["Phantom"]
    );
    assert_eq!(found("select name from location where name in (select name from location l)"), ["Hub_None", "Phantom"]);
    assert_eq!(
        found("select name from location where pkid = (select pkid from location where name = 'Phantom')"),
        ["Phantom"]
    );
    assert_eq!(found("select l.name from location l left join devicepool d on d.pkid = l.pkid").len(), 2);
    let total = select("select count(*) as total from location", &Objects::default()).unwrap();
    assert_eq!((total[0].children[0].name.as_str(), total[0].children[0].text.as_str()), ("total", "2"));
}

#[test]
fn tables_are_joined_where_columns_are_equal() {
    let join = "select l.name, o.name as other from location l inner join location o on o.pkid = l.pkid";
    assert_eq!(found(&format!("{join} where o.name = 'Phantom'")), ["Phantom | Phantom"]);
    let outer = "select l.name, n.dnorpattern from location l left outer join numplan n on n.pkid = l.pkid";
    assert_eq!(found(outer), ["Hub_None | ", "Phantom | "]);
}

#[test]
fn letters_of_another_case_are_others_unless_a_query_makes_them_the_same() {
    assert_eq!(found("select name from location where name like 'hub%'"), Vec::<String>::new());
    assert_eq!(found("select name from location where lower(name) like 'hub%'"), ["Hub_None"]);
    assert_eq!(found("select upper(name) as n from location where lower(name) = lower('PHANTOM')"), ["PHANTOM"]);
    assert_eq!(found("select name from location where name like '___\\_None'"), Vec::<String>::new());
    assert_eq!(found("select name from location where name like 'H_b_%e'"), ["Hub_None"]);
    assert_eq!(found("select name from location where upper(name) in ('HUB_NONE') order by lower(name)"), ["Hub_None"]);
}

#[test]
fn values_are_put_together_of_columns_and_texts() {
    let of = |value: &str| found(&format!("select {value} from location where name = 'Hub_None'"));
    for (value, expected) in [
        ("'x'", "x"),
        ("length(name)", "8"),
        ("substr(name, 5)", "None"),
        ("substr(name, 1, 3)", "Hub"),
        ("substr(name, -4, 2)", "No"),
        ("substr(name, 20)", ""),
        ("trim('  x ')", "x"),
        ("replace(name, '_', '-')", "Hub-None"),
        ("replace(name, '_')", "HubNone"),
        ("concat(name, '!')", "Hub_None!"),
        ("(name)", "Hub_None"),
        ("(select count(*) from typedeviceprotocol) || '!'", "2!"),
        ("name || ' (' || lower(name) || ')'", "Hub_None (hub_none)"),
        ("name || null_or_not", ""),
        ("nvl(null_or_not, 'none')", "none"),
        ("nvl(name, 'none')", "Hub_None"),
        ("case when name like 'Hub%' and length(name) = 8 then 'hub' when 1 = 1 then 'one' else 'other' end", "hub"),
        ("case when name is null then 'none' when 1 = 1 then 'one' else 'other' end", "one"),
        ("case name when 'Phantom' then 'ghost' else substr(name, 1, 1) end", "H"),
        ("case name when 'Phantom' then 'ghost' end", ""),
    ] {
        assert_eq!(of(&value.replace("null_or_not", "case when 1 = 2 then 'x' end")), [expected], "{value}");
    }
    let names = |rest: &str| found(&format!("select name from location {rest}"));
    assert_eq!(names("where length(name) = 7"), ["Phantom"]);
    assert_eq!(names("where name matches 'P?a*m'"), ["Phantom"]);
    assert_eq!(names("where name not matches '?hantom'"), ["Hub_None"]);
    assert_eq!(names("where name matches 'hub*' or name matches '%'"), Vec::<String>::new());
    assert_eq!(names("order by name desc limit 1"), ["Phantom"]);
    assert_eq!(names("limit 1"), ["Hub_None"]);
    assert_eq!(found("select distinct(name) from typedeviceprotocol order by name"), ["SCCP", "SIP"]);
    assert_eq!(names("where 1 = 1 order by length(name) desc"), ["Hub_None", "Phantom"]);
    assert_eq!(names("where 1 = 2"), Vec::<String>::new());
    assert_eq!(names("where substr(name, 1, 1) = substr('Piano', 1, 1) or name || 'x' = 'x'"), ["Phantom"]);
    // A value of two tables waits for both.
    let two = "from location l inner join location o on o.pkid = l.pkid where l.name || o.name like '%mPh%'";
    assert_eq!(found(&format!("select o.name || l.name as both {two}")), ["PhantomPhantom"]);
    let groups = "select case enum when 11 then 'sip' else 'other' end kind, count(*) from typedeviceprotocol";
    assert_eq!(found(&format!("{groups} group by 1 order by kind desc")), ["sip | 1", "other | 1"]);
    assert_eq!(
        found("select upper(name), 'x', count(*) from location group by name order by 1"),
        ["HUB_NONE | x | 1", "PHANTOM | x | 1"]
    );
    let named = select("select length(name), 'x', lower(name) as l from location", &Objects::default()).unwrap();
    assert_eq!(named[0].children.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["expression", "constant", "l"]);
}

#[test]
fn rows_are_counted_and_grouped() {
    let of_models = "from phonetemplate t inner join typedeviceprotocol p on p.name = p.name";
    assert_eq!(found(&format!("select count(distinct p.name) {of_models}")), ["2"]);
    assert_eq!(found("select max(enum), min(name) from typedeviceprotocol"), ["11 | SCCP"]);
    assert_eq!(found("select max(enum) from typedeviceprotocol where enum > 11"), [""]);
    assert_eq!(found("select distinct tkclass from device"), Vec::<String>::new());
    let tables = "from location l, typedeviceprotocol p";
    assert_eq!(found(&format!("select distinct p.name {tables} order by p.name desc")), ["SIP", "SCCP"]);
    assert_eq!(
        found(&format!("select p.name, count(*) as n {tables} where l.name <> 'x' group by p.name order by 1")),
        ["SCCP | 2", "SIP | 2"]
    );
    assert_eq!(
        found(&format!("select count(l.name) c, p.enum {tables} group by 2 order by c, enum desc")),
        ["2 | 11", "2 | 0"]
    );
    assert_eq!(found("select count(*) from location where name = 'x'"), ["0"]);
    assert_eq!(found("select name, count(*) from location where name = 'x' group by name"), Vec::<String>::new());
    assert_eq!(found("select enum from typedeviceprotocol where enum >= 0 and enum < 11"), ["0"]);
    assert_eq!(found("select name from typedeviceprotocol where enum <= 11 and enum > 0"), ["SIP"]);
}

#[test]
fn groups_are_chosen_by_what_is_counted_over_them() {
    let tables = "from location l, typedeviceprotocol p, typeclass c";
    let groups = format!("select p.name, count(*) {tables} group by p.name");
    assert_eq!(found(&format!("{groups} having count(*) > 10")), Vec::<String>::new());
    assert_eq!(found(&format!("{groups} having count(*) = 10 and max(p.enum) between 5 and 20")), ["SIP | 10"]);
    assert_eq!(found(&format!("{groups} having min(p.enum) != 0 order by 2")), ["SIP | 10"]);
    assert_eq!(found("select count(*) from location having count(*) > 2"), Vec::<String>::new());
}

#[test]
fn a_value_may_be_between_others_and_an_equals_sign_may_be_doubled() {
    assert_eq!(found("select name from typedeviceprotocol where enum between 1 and 11"), ["SIP"]);
    assert_eq!(found("select name from typedeviceprotocol where enum not between 1 and 11"), ["SCCP"]);
    assert_eq!(found("select name from location where name == 'Phantom'"), ["Phantom"]);
    let join = "select o.* from location l inner join location o on o.pkid == l.pkid where l.name != 'Phantom'";
    assert!(found(join)[0].ends_with(" | Hub_None"), "{:?}", found(join));
    let both = "select l.name, o.*, l.name again from location l inner join location o on o.pkid = l.pkid";
    assert_eq!(found(both)[0].matches("Hub_None").count(), 3);
}

#[test]
fn what_is_no_query_gets_the_databases_own_error() {
    let code = |sql: &str| select(sql, &Objects::default()).unwrap_err().code;
    for (sql, expected) in [
        ("selct name from location", -201),
        ("select name from", -201),
        ("select name from location where", -201),
        ("select name from location where name = 'x", -201),
        ("select name from colours", -206),
        ("select colour from location", -217),
        ("select name from location order by colour", -217),
        ("select name from location order by 2", -201),
        ("select name, count(*) from location group by name order by 3", -201),
        ("select name, count(*) from location", -294),
        ("select max(*) from location", -201),
        ("select name from location where name not = 'x'", -201),
        ("select name from location where name between 1", -201),
        ("select o.* from location l", -206),
        ("select name from location having count(*) > 1", -294),
        ("select length(name, name) from location", -201),
        ("select substr(name) from location", -201),
        ("select name | name from location", -201),
        ("select case name end from location", -201),
        ("select case when name = 'x' then 'y' from location", -201),
        ("select length(colour) from location", -217),
        ("select name from location where name = lower(name)", -201),
        ("select length(name), count(*) from location group by pkid", -294),
    ] {
        assert_eq!(code(sql), expected, "{sql}");
    }
    let within = |begin: &str, end: &str, depth: usize| {
        let value = format!("{}name{}", begin.repeat(depth), end.repeat(depth));
        select(&format!("select {value} from location"), &Objects::default())
    };
    for (begin, end) in [("(", ")"), ("case when 1 = 1 then ", " end"), ("trim(", ")")] {
        assert!(within(begin, end, 100).is_ok(), "{begin}");
        assert_eq!(within(begin, end, 101).unwrap_err().code, -201, "{begin}");
        assert_eq!(within(begin, end, 100_000).unwrap_err().code, -201, "{begin}");
    }
    for (begin, end) in [("case end when 1 then ", " end"), ("(select 1 from location where (", "= 1))")] {
        assert_eq!(within(begin, end, 100_000).unwrap_err().code, -201, "{begin}");
    }
    let conditions =
        format!("select name from location where {}name = 'x'{}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(code(&conditions), -201);
}

#[test]
fn the_database_is_read_with_sql() {
    let device = desk();
    let query = |sql: &str| {
        let (status, response) = ask(&device, "executeSQLQuery", &format!("<sql>{sql}</sql>"));
        assert_eq!(status, 200, "{response:?}");
        let rows = response.children[0].children.iter();
        rows.map(|row| row.children.iter().map(|c| c.text.clone()).collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    let lines = "select d.name, n.dnorpattern, m.numplanindex, p.name as partition from device d \
        inner join devicenumplanmap m on m.fkdevice = d.pkid inner join numplan n on m.fknumplan = n.pkid \
        left outer join routepartition p on n.fkroutepartition = p.pkid where d.tkclass = 1";
    assert_eq!(query(lines), [["SEP0011AABBCCDD", "1001", "1", ""]]);
    let devices = "select u.userid, d.name from enduserdevicemap m inner join device d on d.pkid = m.fkdevice \
        inner join enduser u on u.pkid = m.fkenduser where m.tkuserassociation = 1";
    assert_eq!(query(devices), [["tony", "SEP0011AABBCCDD"]]);
    let models = "select d.name, t.name as model from device d inner join typemodel t on t.enum = d.tkmodel";
    assert_eq!(query(models), [["SEP0011AABBCCDD", "Cisco 7945"]]);
    let uses = "select t.name, count(n.pkid) from numplan n inner join typepatternusage t on t.enum = n.tkpatternusage \
        group by t.name";
    assert_eq!(query(uses), [["Device", "1"]]);
    let templates = "select count(*) from device d inner join phonetemplate t on t.pkid = d.fkphonetemplate \
        inner join typedeviceprotocol p on p.enum = d.tkdeviceprotocol where upper(t.name) like 'STANDARD 7945%'";
    assert_eq!(query(templates), [["1"]]);
    assert_eq!(refused(&device, "executeSQLQuery", "<sql>select a from b</sql>").0, -206);
}

#[test]
fn the_database_is_changed_with_sql() {
    let device = desk();
    let update = |sql: &str| {
        let (status, response) = ask(&device, "executeSQLUpdate", &format!("<sql>{sql}</sql>"));
        assert_eq!(status, 200, "{response:?}");
        response.children[0].child("rowsUpdated").unwrap().text.clone()
    };
    assert_eq!(update("update device set description = 'by SQL' where name like 'SEP%'"), "1");
    assert_eq!(got(&device, "getPhone", "<name>SEP0011AABBCCDD</name>").child("description").unwrap().text, "by SQL");
    assert_eq!(update("update enduser set department='Sales', mailid='t@example.com' where userid = 'nobody'"), "0");
    let button = "where fkdevice = (select pkid from device where lower(name) = 'sep0011aabbccdd')";
    assert_eq!(update(&format!("update devicenumplanmap set label = 'Tony', e164mask = '4420XXXX' {button}")), "1");
    let phone = got(&device, "getPhone", "<name>SEP0011AABBCCDD</name>");
    let line = &phone.child("lines").unwrap().children[0];
    assert_eq!(
        (line.child("label").unwrap().text.as_str(), line.child("e164Mask").unwrap().text.as_str()),
        ("Tony", "4420XXXX")
    );
    assert_eq!(update("update device set fkenduser = null where name = 'SEP0011AABBCCDD'"), "1");
    assert_eq!(got(&device, "getPhone", "<name>SEP0011AABBCCDD</name>").child("ownerUserName").unwrap().text, "");
    let owner = "fkenduser = (select pkid from enduser where userid = 'tony')";
    assert_eq!(update(&format!("update device set {owner} where name = 'SEP0011AABBCCDD'")), "1");
    assert_eq!(got(&device, "getPhone", "<name>SEP0011AABBCCDD</name>").child("ownerUserName").unwrap().text, "tony");
    let forwards = "cfbdestination = '0', cfurdestination = dnorpattern, cfurvoicemailenabled = 'f', cfnaduration = 9";
    assert_eq!(update(&format!("update numplan set {forwards} where tkpatternusage = 2")), "1");
    let number = got(&device, "getLine", "<pattern>1001</pattern>");
    let forward = |group: &str, field: &str| number.child(group).unwrap().child(field).unwrap().text.clone();
    assert_eq!(forward("callForwardBusy", "destination"), "0");
    assert_eq!(forward("callForwardNotRegistered", "destination"), "1001");
    assert_eq!(forward("callForwardNotRegistered", "forwardToVoiceMail"), "false");
    assert_eq!(forward("callForwardNoAnswer", "duration"), "9");
    let number = "fknumplan = (select pkid from numplan where dnorpattern = '1001')";
    assert_eq!(update(&format!("update callforwarddynamic set cfavoicemailenabled = 't' where {number}")), "1");
    assert_eq!(update("update numplan set cfbdestination = null where tkpatternusage = 2"), "1");
    assert_eq!(update("update numplan set dnorpattern = '1009' where dnorpattern = '1001'"), "1");
    assert_eq!(got(&device, "getLine", "<pattern>1009</pattern>").child("pattern").unwrap().text, "1009");
    let user = "(select pkid from enduser where userid = 'tony')";
    let phone = "(select pkid from device where name = 'SEP0011AABBCCDD')";
    let devices =
        || got(&device, "getUser", "<userid>tony</userid>").child("associatedDevices").unwrap().children.len();
    assert_eq!(update(&format!("delete from enduserdevicemap where fkenduser = {user}")), "1");
    assert_eq!(devices(), 0);
    let insert =
        format!("insert into enduserdevicemap (fkenduser, fkdevice, tkuserassociation) values ({user}, {phone}, 1)");
    assert_eq!(update(&insert), "1");
    assert_eq!(devices(), 1);
    let code = |sql: &str| refused(&device, "executeSQLUpdate", &format!("<sql>{sql}</sql>")).0;
    assert_eq!(code(&insert), -239);
    assert_eq!(code(&insert.replace("tony", "nobody")), -691);
    assert_eq!(code("update colours set red = 1"), -206);
    assert_eq!(code("update device set colour = 'red' where tkclass = 1"), -217);
    assert_eq!(code("update device set description = colour where tkclass = 1"), -217);
    assert_eq!(code("update numplan set fkcallingsearchspace_cfb = 'none' where tkpatternusage = 2"), -691);
    assert_eq!(code("update device set fkdevicepool = 'none' where tkclass = 1"), -691);
    assert_eq!(code("update devicenumplanmap set numplanindex = 2 where fkdevice is not null"), -217);
    assert_eq!(code("drop table device"), -201);
}
