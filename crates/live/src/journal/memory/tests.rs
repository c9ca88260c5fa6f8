use proptest::prelude::*;

use super::*;
use crate::journal::{
    MAX_SNAPSHOTS,
    samples::{all, session, stops},
};

fn block<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(future)
}

fn open(disk: &MemoryDisk) -> MemoryStore {
    MemoryStore::open(disk, Faults::none()).unwrap()
}

#[test]
fn what_is_appended_is_read_again_from_anywhere() {
    block(async {
        let (disk, entries) = (MemoryDisk::default(), session(30));
        let mut store = open(&disk);
        for group in entries.chunks(7) {
            store.append(group).await.unwrap();
        }
        assert!(matches!(MemoryStore::open(&disk, Faults::none()), Err(StoreError::Locked { .. })));
        drop(store);
        let mut store = open(&disk);
        for from in 0..=entries.len() + 2 {
            let wanted = entries.get(from.saturating_sub(1)..).unwrap_or_default();
            assert_eq!(all(&mut store, from as u64).await.unwrap(), wanted, "from {from}");
        }
        let verified = store.verify().await.unwrap();
        assert_eq!(
            (verified.entries, verified.frames),
            (entries.len() as u64, entries.len().div_ceil(7) as u64)
        );
    });
}

#[test]
fn a_full_disk_writes_nothing_and_ends_the_store() {
    block(async {
        let disk = MemoryDisk::default();
        let mut store = MemoryStore::open(&disk, Faults::none().at(2, Fault::Full)).unwrap();
        store.append(&stops(1, 3)).await.unwrap();
        let before = disk.bytes();
        assert!(matches!(store.append(&stops(4, 3)).await, Err(StoreError::Full { .. })));
        assert!(matches!(store.append(&stops(4, 3)).await, Err(StoreError::Broken { .. })), "S3");
        assert!(matches!(store.save_snapshot(1, b"x").await, Err(StoreError::Broken { .. })));
        assert_eq!((disk.bytes(), store.last_sequence()), (before, 3));
        drop(store);
        let mut store = open(&disk);
        store.append(&stops(4, 3)).await.unwrap();
        assert_eq!(all(&mut store, 1).await.unwrap(), stops(1, 6));
    });
}

#[test]
fn a_crash_keeps_all_or_nothing() {
    block(async {
        let cases = [(Fault::CrashBefore, 3), (Fault::CrashAfter, 6)].into_iter();
        let torn = (0..=1_000)
            .step_by(10)
            .map(|permille| (Fault::Torn { permille }, 3 + 3 * u64::from(permille / 1_000)));
        for (fault, last) in cases.chain(torn) {
            let disk = MemoryDisk::default();
            let mut store = MemoryStore::open(&disk, Faults::none().at(2, fault)).unwrap();
            store.append(&stops(1, 3)).await.unwrap();
            let error = store.append(&stops(4, 3)).await.unwrap_err();
            assert!(matches!(error, StoreError::Crashed { append: 2 }), "{error}");
            assert!(matches!(store.append(&stops(4, 3)).await, Err(StoreError::Crashed { .. })), "S3");
            // The process is gone: another may open it while what is left of this one is still about.
            let mut again = open(&disk);
            drop(store);
            assert!(MemoryStore::open(&disk, Faults::none()).is_err(), "the lock is the new one's");
            assert_eq!(all(&mut again, 1).await.unwrap(), stops(1, last), "{fault:?}");
            again.append(&stops(last + 1, 2)).await.unwrap();
            drop(again);
            assert_eq!(all(&mut open(&disk), 1).await.unwrap(), stops(1, last + 2));
        }
    });
}

#[test]
fn each_flipped_byte_is_seen() {
    block(async {
        let disk = MemoryDisk::default();
        let entries = session(6);
        let mut store = open(&disk);
        for group in entries.chunks(4) {
            store.append(group).await.unwrap();
        }
        let bytes = disk.bytes();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            let opened = MemoryStore::open(&MemoryDisk::from_bytes(flipped), Faults::none());
            assert!(matches!(opened, Err(StoreError::Corrupt { .. })), "byte {at}");
        }
    });
}

#[test]
fn the_newest_snapshots_are_kept() {
    block(async {
        let disk = MemoryDisk::default();
        let mut store = open(&disk);
        store.append(&stops(1, 9)).await.unwrap();
        assert_eq!(store.latest_snapshot().await.unwrap(), None);
        for sequence in [3, 5, 9] {
            store.save_snapshot(sequence, &sequence.to_le_bytes()).await.unwrap();
        }
        let error = store.save_snapshot(10, b"").await.unwrap_err();
        assert!(matches!(error, StoreError::SnapshotAhead { sequence: 10, last: 9 }), "{error}");
        let newest = Snapshot { sequence: 9, body: 9_u64.to_le_bytes().to_vec() };
        assert_eq!(store.latest_snapshot().await.unwrap(), Some(newest));
        assert_eq!(disk.snapshots().len(), MAX_SNAPSHOTS);
    });
}

#[test]
fn appends_take_the_time_that_was_drawn() {
    block(async {
        let (least, most) = (std::time::Duration::from_millis(5), std::time::Duration::from_millis(50));
        let faults = Faults::none().latency_between(1, least, most);
        let mut store = MemoryStore::open(&MemoryDisk::default(), faults).unwrap();
        let start = tokio::time::Instant::now();
        for sequence in 1..=20 {
            store.append(&stops(sequence, 1)).await.unwrap();
        }
        let taken = start.elapsed();
        assert!(taken >= least * 20 && taken <= most * 21, "{taken:?}");
    });
}

proptest! {
    /// S1: whatever goes wrong, what was acknowledged is there, in order, and no group in part.
    #[test]
    fn what_was_acknowledged_survives(seed in any::<u64>(), groups in proptest::collection::vec(1_u64..5, 1..40)) {
        block(async {
            let rates = FaultRates { full: 500, crash_before: 500, crash_after: 500, torn: 1_500 };
            let disk = MemoryDisk::default();
            let mut store = MemoryStore::open(&disk, Faults::seeded(seed, rates)).unwrap();
            for (count, group) in (1..).zip(groups) {
                let last = store.last_sequence();
                let entries = stops(last + 1, group);
                if store.append(&entries).await.is_ok() {
                    assert_eq!(store.last_sequence(), last + group);
                    continue;
                }
                drop(store);
                store = MemoryStore::open(&disk, Faults::seeded(seed.wrapping_add(count), rates)).unwrap();
                assert!([last, last + group].contains(&store.last_sequence()), "all or nothing");
            }
            let last = store.last_sequence();
            assert_eq!(all(&mut store, 1).await.unwrap(), stops(1, last));
        });
    }
}
