//! How many durable commits per second the embedded store makes, how long it takes to open, and what it uses.
//!
//! `cargo run --release -p store --example load [FOLDER [COMMITS [WRITERS]]]`: 2 KB values; one in ten commits deletes,
//! three in ten update, the others create.

#![allow(clippy::print_stdout, reason = "an example is to be read by people")]
#![allow(clippy::disallowed_methods, reason = "it measures time")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use base::Stream;
use bytes::Bytes;
use store::{Embedded, Entry, Expect, Range, Store, Write};

const VALUE_BYTES: usize = 2048;

fn value(random: &mut Stream) -> Write {
    let words = (0..VALUE_BYTES / 8).flat_map(|_| random.seed().to_le_bytes());
    Write::put(words.collect::<Vec<u8>>())
}

async fn write(store: Arc<dyn Store>, writer: u64, n_commits: usize) {
    let mut random = Stream::new(writer, "load");
    let mut live: Vec<Entry> = Vec::new();
    for n in 0..n_commits {
        let dice = random.below(10);
        let (key, expect, write) = if dice < 4 && !live.is_empty() {
            let index = random.below(live.len());
            let old = live.swap_remove(index);
            let write = if dice == 0 { Write::Delete } else { value(&mut random) };
            (old.key, Expect::Modified(old.modified), write)
        } else {
            let key = format!("/registry/pods/ns-{}/pod-{writer}-{n}", random.below(50));
            (Bytes::from(key), Expect::Absent, value(&mut random))
        };
        let is_put = matches!(write, Write::Put { .. });
        let committed = store.commit(key, expect, write).await.expect("nobody else writes these keys");
        if is_put {
            live.push(committed.entry);
        }
    }
}

fn resident_mb() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    resident.map_or("unknown".to_owned(), |resident| resident.trim().to_owned())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default| arguments.get(index).map_or(Some(default), |text| text.parse().ok());
    let folder = arguments.first().map_or_else(|| std::env::temp_dir().join("store-load"), PathBuf::from);
    let n_commits: usize = number(1, 200_000).expect("COMMITS is a number");
    let n_writers: usize = number(2, 64).expect("WRITERS is a number");
    let begin = Instant::now();
    let store = Embedded::open(&folder, store::embedded::Limits::default()).expect("the store opens");
    let store: Arc<dyn Store> = Arc::new(store);
    let elapsed = begin.elapsed();
    let count = store.list(Range::prefix("").limited(0), None).await.expect("a count").n_remaining;
    println!("opened {count} entries in {elapsed:?}, resident {}", resident_mb());
    let begin = Instant::now();
    let start = store.revision().await.expect("a revision").0;
    let writers: Vec<_> = (0..n_writers)
        .map(|writer| tokio::spawn(write(Arc::clone(&store), start + writer as u64, n_commits / n_writers)))
        .collect();
    for writer in writers {
        writer.await.expect("no panic");
    }
    let elapsed = begin.elapsed();
    println!(
        "{n_commits} commits by {n_writers} writers in {elapsed:?}: {:.0}/s",
        n_commits as f64 / elapsed.as_secs_f64()
    );
    let begin = Instant::now();
    let listing = store.list(Range::prefix(""), None).await.expect("a list");
    println!("listed {} entries in {:?}, resident {}", listing.entries.len(), begin.elapsed(), resident_mb());
    store.close().await.expect("it closes");
    let n_bytes: u64 = std::fs::metadata(folder.join("store.redb")).map_or(0, |file| file.len());
    println!("the file has {} MB", n_bytes >> 20);
}
