//! A disk that is full.

use std::process::Command;

use crate::process::Server;

/// Runs it so that no file can become larger than this. Where the system refuses a write, as a full disk does.
fn with_file_size_max(blocks: u64) -> impl FnOnce(Command) -> Command {
    move |command| {
        let mut limited = Command::new("bash");
        // A process that ignores the signal gets an error instead.
        let script = format!("trap '' XFSZ; ulimit -S -f {blocks}; exec \"$@\"");
        limited.args(["-c", &script, "bash"]).arg(command.get_program()).args(command.get_args());
        limited
    }
}

#[tokio::test]
async fn a_full_disk_loses_nothing_that_was_acknowledged() {
    // 1,024-byte blocks: 24 MB.
    let mut server = Server::start_with(&[], with_file_size_max(24 << 10)).await;
    let maps = "/api/v1/namespaces/default/configmaps";
    let mut connection = server.client().connect().await.unwrap();
    let value = "x".repeat(200_000);
    let mut written = Vec::new();
    let refused = loop {
        let name = format!("m{}", written.len());
        let object = format!(r#"{{"metadata":{{"name":"{name}"}},"data":{{"k":"{value}"}}}}"#);
        let answer = connection.ask("POST", maps, &object).await.unwrap();
        match answer.status {
            201 => written.push(name),
            _ => break answer,
        }
        assert!(written.len() < 1_000, "the limit is reached");
    };
    assert_eq!(refused.json()["kind"], "Status");
    assert!(refused.status == 503 && refused.text().contains("space"), "{}", refused.text());
    let again = connection.ask("POST", maps, r#"{"metadata":{"name":"early"}}"#).await.unwrap();
    assert!(again.status == 503 && again.text().contains("read-only"), "{}", again.text());
    let list = connection.ask("GET", maps, "").await.unwrap();
    assert_eq!(list.status, 200, "reads go on");
    while connection.ask("GET", "/readyz", "").await.unwrap().status == 200 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }

    // There is room again, and nobody starts anything.
    let id = server.id().to_string();
    if Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status().is_ok_and(|it| it.success())
    {
        let large = format!(r#"{{"metadata":{{"name":"late"}},"data":{{"k":"{value}"}}}}"#);
        let mut status = 0;
        for _ in 0..600 {
            status = connection.ask("POST", maps, &large).await.unwrap().status;
            if status != 503 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(status, 201);
        written.push("late".to_owned());
        while connection.ask("GET", "/readyz", "").await.unwrap().status != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    } else {
        println!("SKIPPED: without prlimit there is no room again");
    }
    server.terminate();
    server.ended().await;
    server.restart().await;
    let mut connection = server.client().connect().await.unwrap();
    for name in &written {
        let found = connection.ask("GET", &format!("{maps}/{name}"), "").await.unwrap();
        assert_eq!(found.status, 200, "{name} was acknowledged");
    }
    assert_eq!(connection.ask("POST", maps, r#"{"metadata":{"name":"again"}}"#).await.unwrap().status, 201);
}
