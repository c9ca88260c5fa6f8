//! scratch
use algoflow_data::*;
fn cpu() -> f64 {
    let s = std::fs::read_to_string("/proc/self/stat").unwrap();
    let f: Vec<&str> = s.rsplit(") ").next().unwrap().split(' ').collect();
    (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) / 100.0
}
fn main() {
    let id: algoflow_core::id::InstrumentId = "A.X".parse().unwrap();
    let n = 10;
    let time = |name: &str, f: &dyn Fn() -> usize| {
        f();
        let a = cpu();
        let t = std::time::Instant::now();
        let mut best = f64::MAX;
        for _ in 0..n {
            let t = std::time::Instant::now();
            assert!(f() > 0);
            best = best.min(t.elapsed().as_secs_f64());
        }
        println!(
            "{name}: cpu {:.1} ms, wall {:.1} ms, best wall {:.1}",
            (cpu() - a) * 1000.0 / n as f64,
            t.elapsed().as_secs_f64() * 1000.0 / n as f64,
            best * 1000.0
        );
    };
    let which = std::env::args().nth(1).unwrap_or_default();
    if "csv".contains(&which) {
        time("csv", &|| {
            CsvBars::open("/tmp/perfdata/bars_1m.csv").unwrap().instrument(id).load().unwrap().0.len()
        });
    }
    if "pqf64".contains(&which) {
        time("parquet f64", &|| {
            ParquetBars::open("/tmp/perfdata/bars_1m.parquet").unwrap().instrument(id).load().unwrap().0.len()
        });
    }
    let s = CsvBars::open("/tmp/perfdata/bars_1m.csv").unwrap().instrument(id).load().unwrap().0;
    write_parquet("/tmp/perfdata/own.parquet", &s).unwrap();
    println!("own size {}", std::fs::metadata("/tmp/perfdata/own.parquet").unwrap().len());
    if "own".contains(&which) {
        time("parquet own", &|| {
            ParquetBars::open("/tmp/perfdata/own.parquet").unwrap().load().unwrap().0.len()
        });
    }
    let s = std::sync::Arc::new(s);
    if "merge".contains(&which) {
        time("merge next_event", &|| {
            let mut m = Merge::new([(&s).into()]);
            let mut x = 0i64;
            while let Some(v) = m
                .next_event(|e| match e {
                    algoflow_core::market::MarketData::Bar(b) => b.close.mantissa(),
                    _ => 0,
                })
                .unwrap()
            {
                x ^= v;
            }
            std::hint::black_box(x);
            1
        });
        time("merge run", &|| {
            let mut m = Merge::new([(&s).into()]);
            let mut x = 0i64;
            m.run(|e| {
                if let algoflow_core::market::MarketData::Bar(b) = e {
                    x ^= b.close.mantissa();
                }
                std::ops::ControlFlow::<()>::Continue(())
            })
            .unwrap();
            std::hint::black_box(x);
            1
        });
        time("cursor", &|| {
            let mut x = 0;
            for b in BarCursor::new(s.clone()) {
                x ^= b.close.mantissa();
            }
            std::hint::black_box(x);
            1
        });
        time("2 interleaved", &|| {
            let mut m = Merge::new([(&s).into(), (&s).into()]);
            let mut x = 0i64;
            while let Some(v) = m
                .next_event(|e| match e {
                    algoflow_core::market::MarketData::Bar(b) => b.close.mantissa(),
                    _ => 0,
                })
                .unwrap()
            {
                x ^= v;
            }
            std::hint::black_box(x);
            1
        });
    }
}
