//! Both evaluators are asked after every step of random histories.

use crate::agreement;
use crate::testing::driver::{drive, seeds};
use crate::testing::history::History;

#[test]
fn agrees_with_the_reference_evaluator_after_every_step_of_random_histories() {
    let (mut n_asked, mut n_known) = (0, 0);
    for seed in seeds(300) {
        let history = History::new(seed, 60);
        let mut scheduler = history.scheduler();
        drive(history, &mut scheduler, &mut |scheduler, probes| {
            for probe in probes {
                let pod = scheduler.compile_pod(probe);
                let Some(explanation) = scheduler.explain(&pod) else { continue };
                let long_way = scheduler.work().long_way;
                if let Some(difference) = agreement::difference(scheduler, &pod, &explanation) {
                    panic!(
                        "seed {seed}, pod {}: {difference}\n{}",
                        pod.key,
                        serde_json::to_string(&probe.spec).unwrap_or_default()
                    );
                }
                n_asked += 1;
                n_known += u32::from(scheduler.work().long_way == long_way);
            }
        });
    }
    assert!(n_known * 2 > n_asked, "most are decided from tables: {n_known} of {n_asked}");
}
