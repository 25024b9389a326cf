//! Generates the client code of the etcd backend from `etcd.proto`. Needs no protoc.

use std::error::Error;
use std::path::Path;
use std::process::Command;

fn main() -> Result<(), Box<dyn Error>> {
    let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = proto.join("../src/etcd");
    let files = protox::compile([proto.join("etcd.proto")], [&proto])?;
    tonic_prost_build::configure()
        .build_server(false)
        .build_transport(false)
        .bytes(".")
        .out_dir(&target)
        .compile_fds(files)?;
    let code = std::fs::read_to_string(target.join("etcdserverpb.rs"))?;
    std::fs::remove_file(target.join("etcdserverpb.rs"))?;
    let file = target.join("rpc.rs");
    std::fs::write(&file, code)?;
    // The project's formatter is run over all files, this one included.
    let config = proto.join("../../../rustfmt.toml");
    let status =
        Command::new("rustfmt").args(["--edition", "2024", "--config-path"]).args([config, file]).status()?;
    if status.success() { Ok(()) } else { Err("rustfmt failed".into()) }
}
