//! KEDA's decisions by its formula, over the outstanding jobs while they ran.

use std::time::Duration;

use anyhow::ensure;

use super::processes::Cluster;

/// KEDA's `pollingInterval` is seconds; here everything goes faster.
const POLL: Duration = Duration::from_millis(250);

/// The replicas of all languages together, look by look, and whether work was outstanding.
pub(super) struct Curve {
    replicas: Vec<usize>,
    wrong: usize,
}

impl Curve {
    /// Looks until the cluster is over, and once more.
    pub(super) fn record(cluster: &Cluster, languages: &[String], slots: usize) -> Self {
        let mut curve = Self { replicas: Vec::new(), wrong: 0 };
        loop {
            let over = cluster.is_over();
            let depths: Option<Vec<usize>> = languages.iter().map(|language| cluster.depth(language)).collect();
            // While the queue's server is down KEDA keeps what it has.
            if let Some(depths) = depths {
                let wanted: Vec<usize> = depths.iter().map(|depth| depth.div_ceil(slots)).collect();
                curve.wrong +=
                    depths.iter().zip(&wanted).filter(|(depth, wanted)| (**depth > 0) != (**wanted > 0)).count();
                curve.replicas.push(wanted.iter().sum());
            }
            if over {
                return curve;
            }
            std::thread::sleep(POLL);
        }
    }

    /// At most forty of them.
    pub(super) fn show(&self) -> String {
        let step = self.replicas.len().div_ceil(40).max(1);
        let mut shown: Vec<String> = self.replicas.iter().step_by(step).map(usize::to_string).collect();
        shown.extend(self.replicas.last().map(usize::to_string));
        shown.join(" ")
    }

    /// They rose, never were zero while there was work, and are zero at the end.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(self.replicas.iter().any(|replicas| *replicas > 0), "never rose");
        ensure!(self.wrong == 0, "were zero while there was work");
        ensure!(self.replicas.last() == Some(&0), "are not zero at the end");
        Ok(())
    }
}
