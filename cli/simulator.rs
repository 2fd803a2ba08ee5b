use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use dialtone_simulator::{FaultSpec, Simulator};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

/// Simulates devices until it is told to stop
///
/// Prints one line of JSON when the devices listen: their addresses, the file of the certificate that vouches for
/// them, and the process id. What the devices hold is kept in the folder, also when the process is killed.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone simulator --data sim --phone-system 0
  dialtone simulator --data sim --axl 12.5=8443 --cupi 8444 --fault axl:latency=20ms --fault cupi:error=1%")]
pub(crate) struct SimulatorArgs {
    /// The folder for state, logs and certificates
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Simulates a Phone System on this port; 0 picks one
    #[arg(long, value_name = "PORT")]
    phone_system: Option<u16>,
    /// Simulates a Unified CM of this version on this port, such as 12.5=8443; 0 picks one. May be given once a version
    #[arg(long = "axl", value_name = "VERSION=PORT", value_parser = versioned_port)]
    axl: Vec<(String, u16)>,
    /// Simulates a Unity Connection on this port; 0 picks one
    #[arg(long, value_name = "PORT")]
    cupi: Option<u16>,
    /// Simulates a router with Unified CM Express on this port, over SSH; 0 picks one
    #[arg(long, value_name = "PORT")]
    ios: Option<u16>,
    /// Simulates a Unity Express on this port, over SSH; 0 picks one. It is also the module in the slot 0/0 of the router
    #[arg(long, value_name = "PORT")]
    cue: Option<u16>,
    /// The login that the devices know
    #[arg(long, value_name = "LOGIN", default_value = "dialtone")]
    user: String,
    /// The password that the devices know
    #[arg(long, value_name = "PASSWORD", default_value = "dialtone", env = "DIALTONE_SIMULATOR_PASSWORD")]
    password: String,
    /// What the shares of faults are drawn from
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// PROTOCOL:KIND=VALUE, such as phone-system:latency=20ms, axl:drop-after=1% or
    /// phone-system:refuse=number:442071234567; docs/simulated-faults.md lists them
    #[arg(long = "fault", value_name = "FAULT")]
    faults: Vec<FaultSpec>,
}

/// Runs `dialtone simulator`.
pub(crate) async fn run(args: SimulatorArgs) -> anyhow::Result<ExitCode> {
    // Whoever waits for the ready line may ask for the end at once, so the ears are open before it is printed.
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM can't be listened for")?;
    let mut builder = Simulator::builder().data(&args.data).account(args.user, args.password).seed(args.seed);
    if let Some(port) = args.phone_system {
        builder = builder.phone_system(port);
    }
    for (version, port) in args.axl {
        builder = builder.unified_cm(version, port);
    }
    if let Some(port) = args.cupi {
        builder = builder.unity_connection(port);
    }
    if let Some(port) = args.ios {
        builder = builder.ios(port);
    }
    if let Some(port) = args.cue {
        builder = builder.cue(port);
    }
    for fault in args.faults {
        builder = builder.fault(fault);
    }
    let simulator = builder.start().await.context("the simulated devices did not start")?;
    let address = |address: SocketAddr| format!("https://{address}");
    let ssh_address = |address: SocketAddr| format!("ssh://{address}");
    let axl: BTreeMap<&str, String> = simulator.unified_cm().map(|(version, at)| (version, address(at))).collect();
    let ready = json!({
        "phone_system": simulator.phone_system().map(address),
        "axl": axl,
        "cupi": simulator.unity_connection().map(address),
        "ios": simulator.ios().map(ssh_address),
        "cue": simulator.cue().map(ssh_address),
        "host_key": simulator.host_key(),
        "ca_file": simulator.ca_file(),
        "pid": std::process::id(),
    });
    println!("{ready}");
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted.context("Ctrl-C can't be listened for")?,
    }
    simulator.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn versioned_port(text: &str) -> Result<(String, u16), String> {
    let (version, port) = text.split_once('=').ok_or("it has the form VERSION=PORT, such as 12.5=8443")?;
    let port = port.parse().map_err(|_| format!("{port:?} is no port"))?;
    Ok((version.to_owned(), port))
}
