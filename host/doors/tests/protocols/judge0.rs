//! Judge0, route by route.

mod answers;
mod mistakes;
mod routes;

use optimus_core::{Job, Report};
use optimus_doors::Door;

use crate::support::House;

fn house(judge: impl Fn(&Job) -> Option<Report> + Send + Sync + 'static) -> House {
    House::new(Door::Judge0, judge)
}
