//! Rows of one user, and what devices are known to hold, while workers die.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::checker::{Findings, Looks};
use crate::crew::Crew;
use crate::patience::wait_until;
use crate::process::Process;
use crate::site::{Site, Submission};

const KILLS: usize = 12;
/// Users of a file, each with a row for a phone and a row for a line on it.
const USERS: usize = 25;
const DEVICE: &str = "CUCM-SG";

/// The devices of the demo organization, simulated in a process of their own.
struct Devices {
    _process: Process,
    log: PathBuf,
}

impl Devices {
    /// Starts them and brings the organization in.
    fn start(site: &mut Site) -> Self {
        let folder = site.path("devices");
        fs::create_dir_all(&folder).unwrap();
        let seed = site.chance.number(0..=usize::from(u16::MAX)).to_string();
        let mut command = site.command(&["simulator", "--phone-system", "0", "--axl", "12.5=0", "--cupi", "0"]);
        command.args(["--fault", "axl:latency=15ms", "--fault", "axl:drop-after=1%", "--seed", &seed, "--data"]);
        command.arg(&folder);
        let process = site.start(command);
        wait_until("the simulated devices listen", || process.answered().ends_with('\n'));
        let ready: Value = serde_json::from_str(process.answered().trim()).unwrap();
        let certificate = fs::read_to_string(ready["ca_file"].as_str().unwrap()).unwrap();
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/organization");
        let import = site.path("import");
        fs::create_dir_all(&import).unwrap();
        for file in fs::read_dir(demo).unwrap().map(|entry| entry.unwrap().path()) {
            let mut text = fs::read_to_string(&file).unwrap();
            for address in [&ready["phone_system"], &ready["axl"]["12.5"], &ready["cupi"]] {
                let reached = format!(
                    "address = {address}\nlogin = \"dialtone\"\npassword = \"dialtone\"\nca = '''\n{certificate}'''"
                );
                text = text.replacen("address = \"simulated\"", &reached, 1);
            }
            fs::write(import.join(file.file_name().unwrap()), text).unwrap();
        }
        site.run(&["organization", "import", import.to_str().unwrap()]);
        Self { _process: process, log: folder.join("axl-12.5.jsonl") }
    }

    /// What had an effect on the Unified CM, in its order: the objects by its own log.
    fn effects(&self) -> Vec<String> {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        // The last line may be half written at this moment.
        let whole = log.rfind('\n').map_or("", |end| &log[..end]);
        let lines = whole.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines
            .flat_map(|line| line["effects"].as_array().cloned().unwrap_or_default())
            .map(|effect| effect["object"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn phone(user: usize) -> String {
    format!("SEP0011AABB{user:04X}")
}

/// Begins to run a file in which every user has two rows, all phones before all lines.
fn submit(site: &Site, first: usize) -> Submission {
    let users = first..first + USERS;
    let mut rows =
        "Order Type,Product,User ID,First Name,Last Name,Domain,Service Area,Selected Phone,Phone Type,Protocol,\
                    MAC Address,Phone Button Template,Line Type,Directory Number,Route Partition\n"
            .to_owned();
    for user in users.clone() {
        let mac = phone(user).replace("SEP", "");
        rows += &format!(
            "ADD,Phone,user{user},Una,Number {user},Singapore,Singapore HQ,,Cisco 7965,SIP,{mac},Standard 7965 SIP,,,\n"
        );
    }
    for user in users {
        let (phone, number) = (phone(user), 4_200 + user);
        rows += &format!(
            "ADD,Line,user{user},Una,Number {user},Singapore,Singapore HQ,{phone},,,,,Chosen,{number},Internal\n"
        );
    }
    let file = site.path(&format!("hires-{first}.csv"));
    fs::write(&file, rows).unwrap();
    Submission::of(site.start(site.command(&["run", file.to_str().unwrap(), "--json"])), file)
}

#[test]
fn rows_of_one_user_stay_in_order_and_the_inventory_never_goes_back_while_workers_die() {
    let mut site = Site::new("chains", 0, &[]);
    let devices = Devices::start(&mut site);
    let mut crew = Crew::start(&site);
    let mut users = 0;
    let mut submissions: Vec<Submission> = Vec::new();
    for _ in 0..KILLS {
        if submissions.last_mut().is_none_or(|last| !last.process.is_running()) {
            submissions.push(submit(&site, users));
            users += USERS;
        }
        site.run(&["device", "sync", DEVICE, "--subscribers", "--whole", "--no-wait"]);
        let (before, more) = (devices.effects().len(), site.chance.number(1..=20));
        let last = submissions.last_mut().unwrap();
        wait_until("the device is worked on", || {
            devices.effects().len() >= before + more || !last.process.is_running()
        });
        let index = site.chance.number(0..=1);
        crew.workers[index].kill();
        crew.workers[index] = site.worker();
    }
    submissions.iter_mut().for_each(Submission::end);
    let open = "SELECT count(*)::text FROM device_work WHERE ended_at IS NULL";
    wait_until("the reads end", || site.database.number(open) == 0);
    crew.all_live();
    let findings = Findings::of(&site, Looks::Unless);
    assert!(findings.is_clean(), "{findings}");

    let chained = "SELECT count(DISTINCT order_id)::text FROM order_events WHERE kind = 'freed'";
    assert_eq!(site.database.number(chained), users, "the order of each line waited for its phone's");
    let reads = "SELECT count(*)::text FROM device_work WHERE kind = 'read' AND state = 'done' AND pages > 1";
    assert!(site.database.number(reads) > 0, "no read came to its end");
    let effects = devices.effects();
    let times = |object: &str| effects.iter().filter(|effect| *effect == object).count();
    for user in 0..users {
        let (phone, line) = (format!("phone/{}", phone(user)), format!("line/{}/Internal", 4_200 + user));
        let place = |object: &str| effects.iter().position(|effect| effect == object);
        assert!(place(&phone).is_some() && place(&phone) < place(&line), "{phone} comes before {line}");
        assert_eq!((times(&phone), times(&line)), (2, 1), "{phone} is made and gets its line, {line} is made");
    }
    the_checker_can_fail(&site);
}

/// Breaks both invariants in the records, and asserts that the checker says so.
fn the_checker_can_fail(site: &Site) {
    site.database.run("UPDATE orders SET started_at = started_at - interval '1 hour' WHERE product = 'Line'");
    site.database.run("UPDATE device_objects SET attributes = '{}', touched_in = NULL WHERE kind = 'phone'");
    let findings = Findings::of(site, Looks::Unless);
    for invariant in ["I7 the orders of one user run in the order of their rows", "I9 the inventory never goes back"] {
        assert!(findings.broke(invariant), "{invariant} is broken and nobody noticed: {findings}");
    }
}
