use super::*;

fn messy() -> Mess {
    Mess {
        faults: 0.3,
        silence: 0.2,
        rejections: 0.1,
        renewals: 0.1,
        duplicates: 0.1,
        reordering: 0.1,
        early: 0.2,
        wrong_keys: 0.2,
        poison: 0.2,
    }
}

fn everything(plan: &Plan) -> Vec<(Script, Vec<(StrayKind, u64)>)> {
    (0..500)
        .map(|number| (plan.script(number), plan.strays(number)))
        .collect()
}

#[test]
fn same_seed_gives_the_same_plan() {
    assert_eq!(
        everything(&test_plan(7, messy())),
        everything(&test_plan(7, messy()))
    );
}

#[test]
fn another_seed_gives_another_plan() {
    assert_ne!(
        everything(&test_plan(7, messy())),
        everything(&test_plan(8, messy()))
    );
}

#[test]
fn shares_are_kept() {
    let plan = test_plan(1, messy());
    let scripts: Vec<_> = (0..10_000).map(|number| plan.script(number)).collect();
    let count = |test: &dyn Fn(&Script) -> bool| scripts.iter().filter(|s| test(s)).count();
    let silent = count(&|s| matches!(s.course, Course::Silent(_)));
    let installed = count(&|s| matches!(s.course, Course::Installed { .. }));
    assert!((1_800..2_200).contains(&silent), "{silent}");
    assert!((4_800..5_200).contains(&installed), "{installed}");
    assert!((1_800..2_200).contains(&count(&|s| s.early)));
    for format in [Format::Protobuf, Format::Cbor] {
        let share = count(&|s| s.request_format == format);
        assert!((2_300..2_700).contains(&share), "{format:?}");
    }
}

#[test]
fn a_fleet_without_mess_installs_everything() {
    let plan = test_plan(1, Mess::NONE);
    for (script, strays) in everything(&plan) {
        assert!(matches!(script.course, Course::Installed { .. }));
        assert!(!script.early && strays.is_empty());
    }
}

#[test]
fn rows_that_only_an_event_tells_come_with_a_transfer_complete() {
    let plan = test_plan(3, messy());
    for (script, _) in everything(&plan) {
        assert!(!(script.completed_at_once && script.row_source == RowSource::Event));
    }
}
