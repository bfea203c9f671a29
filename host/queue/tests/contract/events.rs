//! Events: listeners get them in order, and late ones get the end.

use futures::StreamExt;
use optimus_core::{Event, JobId, TestReport, Verdict};
use optimus_queue::{EventId, NumberedEventStream, Rules};

use crate::support::*;

fn test_event(index: usize) -> Event {
    Event::Test { index, total: 1_000, report: Box::new(TestReport::unrun("t".to_owned(), Verdict::Accepted)) }
}

pub(crate) async fn a_listener_hears_everything_in_order<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let id = bench.push("toy").await;
    let stream = bench.queue.subscribe(id).await.unwrap().unwrap();
    let delivery = bench.take().await;
    bench.queue.publish(id, test_event(0));
    let second = bench.queue.subscribe(id).await.unwrap().unwrap();
    bench.queue.publish(id, test_event(1));
    bench.finish(&delivery).await.unwrap();
    let done = Event::Done { report: Box::new(report(&delivery.job)) };
    let heard: Vec<Event> = stream.collect().await;
    assert_eq!(heard, [Event::Queued, Event::Started, test_event(0), test_event(1), done.clone()]);
    let heard: Vec<Event> = second.collect().await;
    assert_eq!(heard, [Event::Started, test_event(1), done]);
}

pub(crate) async fn a_late_listener_hears_the_end<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    assert!(bench.queue.subscribe(JobId::new()).await.unwrap().is_none());
    let id = bench.push("toy").await;
    bench.run_one().await;
    bench.queue.publish(id, test_event(7));
    let heard: Vec<Event> = bench.queue.subscribe(id).await.unwrap().unwrap().collect().await;
    assert!(matches!(&heard[..], [Event::Done { report }] if report.id == id));
}

pub(crate) async fn a_slow_listener_hears_the_end<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let id = bench.push("toy").await;
    let stream = bench.queue.subscribe(id).await.unwrap().unwrap();
    let delivery = bench.take().await;
    for index in 0..10_000 {
        bench.queue.publish(id, test_event(index));
    }
    bench.finish(&delivery).await.unwrap();
    let heard: Vec<Event> = stream.collect().await;
    assert!(matches!(heard.last(), Some(Event::Done { report }) if report.id == id));
}

pub(crate) async fn who_comes_again_hears_what_was_missed<F: Future<Output = Bench>>(make: impl Fn(Rules) -> F) {
    let bench = make(rules()).await;
    let id = bench.push("toy").await;
    let follow = async |after| bench.queue.follow(id, after).await.unwrap().unwrap();
    let mut first = follow(None).await;
    let delivery = bench.take().await;
    bench.queue.publish(id, test_event(0));
    let mut marks = Vec::new();
    for expected in [Event::Queued, Event::Started, test_event(0)] {
        let heard = first.next().await.unwrap();
        assert_eq!(heard.event, expected);
        marks.push(heard.id.unwrap());
    }
    drop(first);
    bench.queue.publish(id, test_event(1));
    bench.queue.release(&delivery.lease, fault(), false).await.unwrap();
    let delivery = bench.take().await;
    bench.queue.publish(id, test_event(2));
    let (from_the_start, from_the_last) = (follow(Some(marks[0])).await, follow(Some(marks[2])).await);
    let elsewhere = follow(Some(EventId { epoch: 7, number: 1_000_000 })).await;
    bench.finish(&delivery).await.unwrap();
    let heard = async |stream: NumberedEventStream| stream.map(|marked| marked.event).collect::<Vec<_>>().await;
    let done = Event::Done { report: Box::new(report(&delivery.job)) };
    let all = [test_event(0), test_event(1), Event::Started, test_event(2), done.clone()];
    assert_eq!(heard(from_the_start).await, all, "of where it stood, the last is enough");
    assert_eq!(heard(from_the_last).await, all[1..]);
    assert_eq!(heard(elsewhere).await, all, "whose mark says nothing hears all");
    assert_eq!(heard(follow(Some(marks[2])).await).await, [done]);
    assert_eq!(marks[1].to_string().parse(), Ok(marks[1]));
}
