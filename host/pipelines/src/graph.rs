//! The order of steps.

use std::collections::BTreeMap;

use optimus_core::Invalid;

use crate::definition::Step;

/// The indices of the steps, each after those that it needs.
pub(crate) fn order(steps: &[Step]) -> Result<Vec<usize>, Invalid> {
    let indices: BTreeMap<&str, usize> =
        steps.iter().enumerate().map(|(index, step)| (step.name.as_str(), index)).collect();
    let mut needs = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let mut of_step = Vec::new();
        for (position, name) in step.needs.iter().enumerate() {
            let field = || format!("steps[{index}].needs[{position}]");
            let Some(needed) = indices.get(name.as_str()) else {
                let invalid = Invalid::new(field(), format!("there is no step `{}`", name.escape_debug()));
                return Err(invalid.hint(format!("the steps are {}", names(steps))));
            };
            of_step.push(*needed);
        }
        needs.push(of_step);
    }
    let mut walk = Walk { steps, needs, marks: vec![Mark::New; steps.len()], path: Vec::new(), order: Vec::new() };
    (0..steps.len()).try_for_each(|index| walk.visit(index))?;
    Ok(walk.order)
}

fn names(steps: &[Step]) -> String {
    steps.iter().map(|step| format!("`{}`", step.name)).collect::<Vec<_>>().join(", ")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

struct Walk<'a> {
    steps: &'a [Step],
    needs: Vec<Vec<usize>>,
    marks: Vec<Mark>,
    /// From the first step that was visited to the present one.
    path: Vec<usize>,
    order: Vec<usize>,
}

impl Walk<'_> {
    /// Not deeper than there are steps, which are few.
    fn visit(&mut self, index: usize) -> Result<(), Invalid> {
        match self.marks[index] {
            Mark::Done => return Ok(()),
            Mark::Open => return Err(self.cycle(index)),
            Mark::New => {}
        }
        self.marks[index] = Mark::Open;
        self.path.push(index);
        for needed in self.needs[index].clone() {
            self.visit(needed)?;
        }
        self.path.pop();
        self.marks[index] = Mark::Done;
        self.order.push(index);
        Ok(())
    }

    /// The cycle by the names of its steps.
    fn cycle(&self, again: usize) -> Invalid {
        let begin = self.path.iter().position(|index| *index == again).unwrap_or(0);
        let circle = self.path[begin..].iter().chain([&again]);
        let circle: Vec<&str> = circle.map(|index| self.steps[*index].name.as_str()).collect();
        let invalid = Invalid::new(
            format!("steps[{again}].needs"),
            format!("no step of a cycle can start: {}", circle.join(" needs ")),
        );
        invalid.hint("take one of these needs out")
    }
}
