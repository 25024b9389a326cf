fn main() {
    let path = std::env::args().nth(1).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for _ in 0..3 {
        let start = std::time::Instant::now();
        let decoded = match wire::decode::read_bytes(&path, &bytes) { Ok(d) => d, Err(e) => { println!("{e}"); return; } };
        let s = start.elapsed().as_secs_f64();
        let n = decoded.objects.len();
        println!("{n} objects {s:.3}s {:.0}/s {:.0} MB/s skipped {:?}", n as f64 / s, bytes.len() as f64 / s / 1e6, decoded.skipped);
    }
    if std::env::args().nth(2).is_some() {
        let decoded = wire::decode::read_bytes(&path, &bytes).unwrap();
        for o in &decoded.objects { println!("{}", serde_json::to_string(&o.object).unwrap()); }
    }
}
