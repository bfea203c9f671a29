//! Channels beside the three standard streams.

use std::sync::Arc;
use std::time::Duration;

use optimus_core::{LimitHit, Limits, Stream};
use optimus_sandbox::{BoxStep, Feed, Sink, Stdin, View, channel_paths};

use super::{DEFAULT, MIB};
use crate::lab::Lab;

/// A program that copies one channel after the other: what waits for the second holds up neither the first nor stdin,
/// and the end of the first arrives while the program goes on.
pub(crate) async fn channels_go_both_ways_and_end(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let [first, second] = [0, 1].map(|_| Arc::<Feed>::default());
    let long: Vec<u8> = (0..MIB).map(|i| ((i * 31) >> 3) as u8).collect();
    second.write(&long);
    first.write(b"short");
    first.close();
    let (argv, channels) = (relay(2), [first, Arc::clone(&second)]);
    let stdin = Stdin::from(long.clone());
    let step = BoxStep { stdin, channels: &channels, ..BoxStep::new(&argv, DEFAULT) };
    let mut recorder = ChannelRecorder { closes: Some(second), ..ChannelRecorder::default() };
    let running = tokio::time::timeout(Duration::from_secs(60), bench.open.run(&step, &mut recorder));
    assert!(running.await.unwrap().unwrap().is_success());
    assert_eq!((&recorder.heard[0][..], recorder.stdout), (&b"short"[..], b"1048576".to_vec()));
    assert!(recorder.heard[1] == long, "the bytes differ");
    let ran = bench.run(View::Fresh, &["read", "/stage/.channels/0.in"]).await;
    assert_eq!(ran.ok(), "errno 2", "the next step has none");
}

pub(crate) async fn channels_are_bounded_as_output_is(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let feed = Arc::<Feed>::default();
    feed.write(&vec![7; MIB as usize]);
    let (argv, channels) = (relay(1), [feed]);
    let limits = Limits { output_bytes: 100_000, ..DEFAULT };
    let step = BoxStep { channels: &channels, ..BoxStep::new(&argv, limits) };
    let mut recorder = ChannelRecorder::default();
    let outcome = bench.open.run(&step, &mut recorder).await.unwrap();
    assert_eq!((outcome.limit, recorder.heard[0].len()), (Some(LimitHit::Output), 100_000));
}

fn relay(channels: u8) -> Vec<String> {
    let paths = (0..channels).flat_map(channel_paths);
    ["./program", "relay"].map(str::to_owned).into_iter().chain(paths).collect()
}

/// Records each channel and stdout, and ends a feed once the first channel has ended.
#[derive(Default)]
struct ChannelRecorder {
    heard: [Vec<u8>; 2],
    stdout: Vec<u8>,
    closes: Option<Arc<Feed>>,
}

impl Sink for ChannelRecorder {
    fn write(&mut self, _: Stream, bytes: &[u8]) {
        self.stdout.extend_from_slice(bytes);
    }

    fn write_channel(&mut self, channel: u8, bytes: &[u8]) {
        self.heard[usize::from(channel)].extend_from_slice(bytes);
        if channel == 0 && bytes.is_empty() {
            self.closes.take().unwrap().close();
        }
    }
}
