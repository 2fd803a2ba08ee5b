//! The intake rules of batch projects, each by rows that keep or break it.

use dialtone_model::catalog::Field;
use dialtone_templates::read;
use dialtone_validators::{CellValue, check};

/// Rows are given as `label=cell` pairs; a file has the columns that any of them names.
fn check_rows(rows: &[&str], expect: &[&str]) {
    let rows: Vec<Vec<(&str, &str)>> =
        rows.iter().map(|row| row.split(", ").filter_map(|cell| cell.split_once('=')).collect()).collect();
    let mut labels = vec!["Order Type", "Product", "User ID"];
    for (label, _) in rows.iter().flatten() {
        if !labels.contains(label) {
            labels.push(label);
        }
    }
    let mut text = labels.join(";");
    for row in &rows {
        let cell = |label: &&str| row.iter().find(|(name, _)| name == label).map_or("", |(_, cell)| cell);
        text += "\n";
        text += &labels.iter().map(cell).collect::<Vec<_>>().join(";");
    }
    let readings = [read("project.csv", text.clone().into_bytes())];
    let checked = check(&readings, None);
    let found: Vec<String> = checked
        .findings()
        .map(|finding| {
            let row = finding.row.map(|row| row.to_string()).unwrap_or_default();
            format!("{row} {} {}", finding.column.unwrap_or_default(), finding.code).replace("  ", " ")
        })
        .collect();
    assert_eq!(found, expect, "{text}");
    assert_eq!(checked.accepted + checked.refused, rows.len());
}

const PHONE: &str =
    "Order Type=ADD, Product=Phone, User ID=tony, Phone Type=Cisco 7965, Protocol=SIP, MAC Address=0011AABBCC01";

#[test]
fn an_order_type_must_be_possible() {
    check_rows(&[PHONE], &[]);
    check_rows(&["Order Type=change, Product=phone service, User ID=tony"], &["2 Order Type order-type-refused"]);
    check_rows(&["Order Type=REPLACE, Product=Line, User ID=tony"], &["2 Order Type order-type-refused"]);
    check_rows(
        &["Order Type=CANCEL, Product=Client User Settings, User ID=tony"],
        &["2 Order Type order-type-refused"],
    );
    check_rows(
        &["Order Type=MOVE, Product=Lime, User ID=tony"],
        &["2 Order Type cell-choice", "2 Product product-unknown"],
    );
    check_rows(&["User ID=tony"], &["2 Order Type cell-required", "2 Product cell-required"]);
}

#[test]
fn keys_and_required_fields_are_filled() {
    check_rows(&["Order Type=ADD, Product=Phone, User ID=tony"], &["2 field-missing", "2 field-missing"]);
    check_rows(&[&PHONE.replace("Protocol=SIP, ", "")], &["2 field-missing"]);
    check_rows(&[&PHONE.replace("SIP", "<clear>")], &["2 Protocol cell-clear"]);
    check_rows(
        &["Order Type=ADD, Product=Phone, Phone Type=Cisco 7965, Protocol=SIP, MAC Address=0011AABBCC01"],
        &["2 User ID order-user-missing"],
    );
    check_rows(&["Order Type=CHANGE, Product=Phone, User ID=tony, Description=x"], &["2 key-missing"]);
    check_rows(
        &["Order Type=CHANGE, Product=Phone, User ID=tony, Selected Phone=<clear>"],
        &["2 Selected Phone cell-clear"],
    );
    check_rows(&["Order Type=CHANGE, Product=Phone, User ID=tony, Selected Phone=SEP1, Description=<CLEAR>"], &[]);
    check_rows(&["Order Type=UNLOCK, Product=Voicemail, User ID=tony, Voicemail Alias=tony"], &["2 key-missing"]);
    check_rows(&["Order Type=CHANGE_OWNER, Product=Phone, User ID=tony, Selected Phone=SEP1"], &["2 key-missing"]);
    check_rows(&["Order Type=CANCEL, Product=Enable Mobility Support, User ID=tony"], &["2 key-missing"]);
    check_rows(
        &["Order Type=ADD, Product=Line, User ID=tony, Selected Phone=SEP1, Line Type=Chosen"],
        &["2 directory-number-needed"],
    );
}

#[test]
fn a_cancel_has_keys_alone() {
    let cancel = "Order Type=CANCEL, Product=Phone, User ID=tony, Selected Phone=SEP1";
    check_rows(&[cancel], &[]);
    check_rows(&[&format!("{cancel}, Description=x")], &["2 Description field-of-order-type"]);
    check_rows(&[&format!("{cancel}, attr:Location=x")], &["2 attr:Location field-of-order-type"]);
    check_rows(&[&format!("{cancel}, New Selected Phone=x")], &["2 New Selected Phone field-of-order-type"]);
    check_rows(&[&format!("{cancel}, Assoc With=1")], &["2 Assoc With assoc-order-type"]);
    check_rows(&[&format!("{PHONE}, Voicemail Alias=x")], &["2 Voicemail Alias field-foreign"]);
}

#[test]
fn cells_follow_the_rules_of_their_columns() {
    let cells = [
        ("MAC Address", "0011AABBCC0G", "mac-format"),
        ("Protocol", "H.323", "cell-choice"),
        ("Email", "tony lee@example.com", "email-format"),
        ("Requested Delivery Date", "soon", "date-format"),
        ("Sequence Number", "0", "sequence-format"),
        ("Domain", &"d".repeat(101), "name-length"),
    ];
    for (label, cell, code) in cells {
        let phone = PHONE.replace(", Protocol=SIP, MAC Address=0011AABBCC01", "");
        let phone = if label == "Protocol" { phone } else { phone + ", Protocol=SIP" };
        check_rows(&[&format!("{phone}, {label}={cell}")], &[&format!("2 {label} {code}")]);
    }
    let line = "Order Type=ADD, Product=Line, User ID=tony, Selected Phone=SEP1, Line Type=Chosen";
    check_rows(&[&format!("{line}, Directory Number=41-01")], &["2 Directory Number directory-number-format"]);
    let softphone = "Order Type=ADD, Product=Enable SoftPhone Support, User ID=tony";
    check_rows(&[&format!("{softphone}, Associated PC=pc_1")], &["2 Associated PC host-format"]);
}

#[test]
fn phone_types_with_a_device_name_have_no_mac() {
    let phone = "Order Type=ADD, Product=Phone, User ID=tony, Phone Type=Cisco Dual Mode for iPhone, \
                 Protocol=SIP";
    check_rows(&[&format!("{phone}, Device Name=tony")], &[]);
    check_rows(&[&format!("{phone}, Device Name=tony, MAC Address=0011AABBCC01")], &["2 MAC Address mac-refused"]);
    check_rows(&[&format!("{phone}, Device Name=to-ny")], &["2 Device Name device-name-format"]);
    check_rows(&[phone], &["2 device-name-format"]);
}

#[test]
fn a_lines_display_has_at_most_thirty_characters() {
    let line = "Order Type=ADD, Product=Line, User ID=tony, Selected Phone=SEP1, Line Type=Auto-assigned";
    let name = |last: usize| format!("{line}, First Name=Tonyy, Last Name={}", "é".repeat(last));
    check_rows(&[&name(24)], &[]);
    check_rows(&[&name(25)], &["2 Last Name line-display-length"]);
}

#[test]
fn rows_of_one_order_agree_and_fall_together() {
    let row = |product: &str, more: &str| format!("Row Id=1, Order Type=ADD, Product={product}, User ID=tony{more}");
    let phone = row("Phone", ", Phone Type=Cisco 7965, Protocol=SIP, MAC Address=0011AABBCC01");
    check_rows(&[&phone, &row("Line", ", Line Type=Auto-assigned")], &[]);
    check_rows(
        &[&phone, &row("Line", ", Line Type=Auto-assigned").replace("tony", "jane")],
        &["2 order-row-refused", "3 User ID order-row-id-mixed"],
    );
    check_rows(
        &[&phone, &row("Line", ", Line Type=Auto-assigned, Domain=Oslo")],
        &["2 order-row-refused", "3 Domain order-row-id-mixed"],
    );
    check_rows(&[&phone, &row("Line", ", Line Type=Both")], &["2 order-row-refused", "3 Line Type cell-choice"]);
}

#[test]
fn assoc_with_names_a_lower_sequence_number_of_the_order() {
    let row = |product: &str, more: &str| format!("Row Id=1, Order Type=ADD, Product={product}, User ID=tony{more}");
    let phone = row("Phone", ", Phone Type=Cisco 7965, Protocol=SIP, MAC Address=0011AABBCC01, Sequence Number=1");
    let line = |more: &str| row("Line", &format!(", Line Type=Auto-assigned{more}"));
    check_rows(&[&phone, &line(", Sequence Number=2, Assoc With=1")], &[]);
    check_rows(
        &[&phone, &line(", Sequence Number=2, Assoc With=2")],
        &["2 order-row-refused", "3 Assoc With assoc-unknown"],
    );
    check_rows(&[&phone, &line(", Assoc With=1")], &["2 order-row-refused", "3 Sequence Number field-missing"]);
    check_rows(
        &[&phone, &line(", Sequence Number=2, Assoc With=1, Selected Phone=SEP1")],
        &["2 order-row-refused", "3 Selected Phone assoc-and-selected"],
    );
    check_rows(
        &[&phone, &line(", Sequence Number=1")],
        &["2 Sequence Number sequence-twice", "3 Sequence Number sequence-twice"],
    );
}

#[test]
fn an_order_that_needs_a_refused_orders_product_is_refused() {
    let bad = PHONE.replace("SIP", "H.323");
    let line = "Order Type=ADD, Product=Line, User ID=tony, Line Type=Auto-assigned, Selected Phone=SEP0011AABBCC01";
    check_rows(&[&bad, line], &["2 Protocol cell-choice", "3 order-depends-on-refused"]);
    check_rows(&[&bad, &line.replace("tony", "jane")], &["2 Protocol cell-choice"]);
    check_rows(&[&bad, &format!("{PHONE}, Service Area=Oslo"), line], &["2 Protocol cell-choice"]);
    check_rows(&["Order Type=ADD, Product=Line, User ID=tony, Line Type=Auto-assigned"], &["2 field-missing"]);
}

#[test]
fn what_only_one_product_has_is_added_once() {
    let twice = |column: &str, code: &str| [format!("2 {column} {code}"), format!("3 {column} {code}")];
    let check_pair = |one: &str, other: &str, expect: &[String]| {
        check_rows(&[one, other], &expect.iter().map(String::as_str).collect::<Vec<_>>());
    };
    let jane = PHONE.replace("tony", "jane").replace("0011AABBCC01", "00:11:aa:bb:cc:01");
    check_pair(PHONE, &jane, &twice("MAC Address", "phone-twice"));
    check_pair(PHONE, &jane.replace(":01", ":02"), &[]);
    // Two Service Areas may have call processors of their own.
    check_pair(PHONE, &format!("{jane}, Service Area=Oslo"), &[]);
    let named = "Order Type=ADD, Product=Phone, User ID=tony, Phone Type=Cisco Dual Mode for iPhone, Protocol=SIP, \
                 Device Name=TCTTONY";
    check_pair(named, &named.replace("User ID=tony", "User ID=jane"), &twice("Device Name", "phone-twice"));
    let mailbox = "Order Type=ADD, Product=Voicemail, User ID=tony, Selected Line=4101, Voicemail Alias=ts, \
                   Voicemail Display Name=TS";
    check_pair(
        mailbox,
        &mailbox.replace("tony", "theo").replace("4101", "4102"),
        &twice("Voicemail Alias", "mailbox-twice"),
    );
    let extension = "Order Type=ADD, Product=Phone System Extension, User ID=tony, Ext Key=4101, Number=+15550001";
    let other = extension.replace("tony", "jane");
    check_pair(extension, &other.replace("+1555", "+1666"), &twice("Ext Key", "ext-key-twice"));
    check_pair(extension, &other.replace("4101", "4102").replace('+', ""), &twice("Number", "number-twice"));
    // A third row is told of the first one.
    let expect = [twice("MAC Address", "phone-twice").to_vec(), vec!["4 MAC Address phone-twice".to_owned()]].concat();
    check_rows(&[PHONE, &jane, &jane.replace("jane", "june")], &expect.iter().map(String::as_str).collect::<Vec<_>>());
    // What is cancelled in between may be added again.
    let cancel = "Order Type=CANCEL, Product=Phone, User ID=tony, Selected Phone=SEP0011AABBCC01";
    check_rows(&[PHONE, cancel, &jane], &[]);
}

#[test]
fn an_attribute_is_given_in_one_form() {
    check_rows(&[&format!("{PHONE}, attr:Speed Dial[1].Number=1, attr:Speed Dial[2].Number=2")], &[]);
    check_rows(
        &[&format!("{PHONE}, attr:Speed Dial=<clear>, attr:Speed Dial[1].Number=1")],
        &["2 attr:Speed Dial attribute-both-forms"],
    );
}

#[test]
fn the_planner_gets_whole_orders() {
    let text = "row_id\tORDER TYPE\tproduct\tuser-id\tPhone Type\tProtocol\tMAC Address\tattr:Location\tattr:Dial[2].Label\tNew Directory Number\n\
                1\tADD\tphone\ttony\tCisco 7965\tSIP\t0011AABBCC01\t<clear>\thome\t\n";
    let readings = [read("project.tsv", text.into())];
    let checked = check(&readings, None);
    assert_eq!(checked.findings().collect::<Vec<_>>(), []);
    let row = checked.orders[0].rows[0];
    assert_eq!((row.file, row.row, row.product.name.as_str()), (0, 2, "Phone"));
    assert_eq!(row.get(Field::PhoneType), CellValue::Text("Cisco 7965"));
    assert_eq!(row.get(Field::Domain), CellValue::Blank);
    assert_eq!(row.new_value(Field::DirectoryNumber), CellValue::Blank);
    let attributes: Vec<_> = row.attributes().map(|one| (one.name, one.sub, one.value)).collect();
    assert_eq!(
        attributes,
        [("Location", None, CellValue::Clear), ("Dial", Some((2, "Label")), CellValue::Text("home"))]
    );
}
