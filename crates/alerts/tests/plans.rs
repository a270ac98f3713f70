//! Plans over a store: what a person may watch, before, during and after a trial.
mod common;

use alerts::exchange::Listed;
use alerts::plans::{Plans, Refused, limit, put_watch, used};
use atlas::watching::*;
use common::*;

const WEEKLY: Cadence = Cadence::Week { weekday: Weekday::Monday, hour: 8 };

fn weekly(subject: Subject) -> NewWatch {
    NewWatch { cadence: WEEKLY, ..NewWatch::on(subject) }
}

#[tokio::test]
async fn a_plan_limits_what_is_watched_and_a_trial_lifts_that_for_a_time() {
    let plans = Plans::read(include_str!("../../../docs/plans.toml")).unwrap();
    for stage in stages().await {
        let (plum, pear) =
            (document(&stage.atlas, "Plum", "Terms").await, document(&stage.atlas, "Pear", "Terms").await);
        let person = stage.atlas.add_person("Ada", "UTC", stage.now()).await.unwrap();
        let put = async |asks: &NewWatch| put_watch(&stage.atlas, &plans, person, asks, stage.now()).await;
        let refused = |outcome: Result<Watch, Refused>| match outcome {
            Err(Refused::Limit(why)) => why,
            other => panic!("{other:?}"),
        };
        put(&weekly(Subject::Document(plum))).await.unwrap();
        put(&weekly(Subject::Platform("plum".into()))).await.unwrap();
        let why = refused(put(&weekly(Subject::Document(pear))).await);
        assert!(why.contains("watches 1 platform, and you watch 1"), "{}: {why}", stage.engine);
        assert!(
            refused(put(&NewWatch::on(Subject::Document(plum))).await).contains("weekly"),
            "a change is limited as well"
        );
        let uses = async || {
            let entitled = plans.of(&stage.atlas, person, stage.now()).await.unwrap();
            used(&stage.atlas, &entitled, person).await.unwrap().unwrap()
        };
        let expected = "With the plan Free you watch 1 of 1 platform, told in a weekly digest at the soonest.";
        assert_eq!(uses().await, expected);
        // It is said before somebody tries.
        let told = async |subject: &Subject| limit(&stage.atlas, &plans, person, subject, stage.now()).await.unwrap();
        assert_eq!(told(&Subject::Document(plum)).await, None);
        assert_eq!(told(&Subject::Document(pear)).await, Some(why));

        plans.try_out(&stage.atlas, person, "monitor", stage.now()).await.unwrap();
        put(&NewWatch::on(Subject::Document(pear))).await.unwrap();
        let entitled = plans.of(&stage.atlas, person, stage.now()).await.unwrap();
        assert_eq!(entitled.trial_until_ms, Some(stage.now() + 14 * DAY));
        assert!(uses().await.contains("2 of 25"));
        let own = plans.try_out(&stage.atlas, person, "monitor", stage.now()).await.unwrap_err();
        assert_eq!(own.to_string(), "the plan Monitor is yours");
        assert!(refused(put(&NewWatch::on(Subject::ClauseType("arbitration".into()))).await).contains("clause types"));

        stage.pass(14 * DAY);
        let entitled = plans.of(&stage.atlas, person, stage.now()).await.unwrap();
        assert_eq!((entitled.plan.unwrap().id.as_str(), entitled.trial_until_ms), ("free", None));
        assert_eq!(stage.atlas.watches(person).await.unwrap().len(), 3, "nothing is taken away");
        let again = plans.try_out(&stage.atlas, person, "monitor", stage.now()).await.unwrap_err();
        assert!(again.to_string().contains("tried the plan Monitor before"), "{again}");
        for id in ["free", "none"] {
            assert!(plans.try_out(&stage.atlas, person, id, stage.now()).await.is_err(), "{id}");
        }
        // The owner runs the instance; and without plans, everybody may do everything.
        put_watch(
            &stage.atlas,
            &plans,
            PersonId::OWNER,
            &NewWatch::on(Subject::Regulation("gdpr".into())),
            stage.now(),
        )
        .await
        .unwrap();
        put_watch(&stage.atlas, &Plans::default(), person, &NewWatch::on(Subject::Document(plum)), stage.now())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_file_brings_what_the_plan_allows_as_soon_as_it_tells() {
    let plans = Plans::read(include_str!("../../../docs/plans.toml")).unwrap();
    for stage in stages().await {
        document(&stage.atlas, "Plum", "Terms").await;
        document(&stage.atlas, "Pear", "Terms").await;
        let person = stage.atlas.add_person("Ada", "UTC", stage.now()).await.unwrap();
        let listed = Listed::read("subject,note\nplatform:plum,ours\nplatform:pear,\ntype:arbitration,").unwrap();
        let brought = alerts::import(&stage.atlas, &plans, person, &listed, stage.now()).await.unwrap();
        assert_eq!(brought.kept, 1, "{}", stage.engine);
        let why: Vec<&str> = brought.refused.iter().map(|(_, why)| why.as_str()).collect();
        assert!(why[0].contains("watches 1 platform") && why[1].contains("does not watch clause types"), "{why:?}");
        let watches = stage.atlas.watches(person).await.unwrap();
        assert_eq!((watches.len(), watches[0].asks.cadence, &*watches[0].asks.note), (1, WEEKLY, "ours"));
    }
}

#[tokio::test]
async fn a_trial_lowers_nothing() {
    use atlas::plans::{NewSubscription, Trial};
    let plans = Plans::read(include_str!("../../../docs/plans.toml")).unwrap();
    for stage in stages().await {
        let (atlas, now) = (&stage.atlas, stage.now());
        let plan = async |person: PersonId, at_ms: i64| {
            let entitled = plans.of(atlas, person, at_ms).await.unwrap();
            (entitled.plan.unwrap().id, entitled.trial_until_ms)
        };
        let pays = async |person: PersonId, plan: &str| {
            let new = NewSubscription { id: format!("{person} {plan}"), person, plan: plan.into() };
            atlas.subscribed(&new, now).await.unwrap();
        };
        // Who pays for the greater one does not begin a trial of the lesser one, which would be used up for nothing.
        let ada = atlas.add_person("Ada", "UTC", now).await.unwrap();
        pays(ada, "compliance").await;
        let refused = plans.try_out(atlas, ada, "monitor", now + 1).await.unwrap_err().to_string();
        assert_eq!(refused, "your plan Compliance is the greater one; to try Monitor would give you nothing");
        assert_eq!(atlas.trials(ada).await.unwrap().tried, Vec::<String>::new());
        // One that began in an earlier release takes nothing away.
        let trial = Trial { plan: "monitor".into(), since_ms: now + 1, until_ms: now + 14 * DAY };
        assert!(atlas.begin_trial(ada, &trial).await.unwrap());
        assert_eq!(plan(ada, now + 2).await, ("compliance".into(), None), "{}", stage.engine);
        // Nor does who tries the greater one begin another trial in its place.
        let bob = atlas.add_person("Bob", "UTC", now).await.unwrap();
        plans.try_out(atlas, bob, "compliance", now).await.unwrap();
        assert!(plans.try_out(atlas, bob, "monitor", now + 1).await.is_err());
        assert_eq!(plan(bob, now + 2).await, ("compliance".into(), Some(now + 14 * DAY)));
        plans.try_out(atlas, bob, "monitor", now + 14 * DAY).await.unwrap();
        assert_eq!(plan(bob, now + 14 * DAY).await, ("monitor".into(), Some(now + 28 * DAY)));
        let less = plans.try_out(atlas, bob, "free", now + 2).await;
        assert!(less.is_err(), "the first plan is not tried");
    }
}

#[tokio::test]
async fn nobody_but_the_owner_has_more_than_there_is_room_for() {
    for stage in stages().await {
        let person = stage.atlas.add_person("Ada", "UTC", stage.now()).await.unwrap();
        let on = |at: usize| NewWatch::on(Subject::Platform(format!("p{at}")));
        for at in 0..500 {
            stage.atlas.put_watch(person, &on(at), stage.now()).await.unwrap();
        }
        // Without plans, too; what is watched already can be changed.
        let plans = Plans::default();
        let put = async |person, at| put_watch(&stage.atlas, &plans, person, &on(at), stage.now()).await;
        let refused = put(person, 500).await.unwrap_err();
        assert_eq!(refused.to_string(), "one watchlist may have 500 watches here; end one first", "{}", stage.engine);
        put(person, 7).await.unwrap();
        put(PersonId::OWNER, 500).await.unwrap();

        // The inbox is the first of twenty channels.
        for at in 1..20 {
            stage.webhook(person, &format!("http://127.0.0.1:9/{at}"), Template::Plain).await;
            stage.webhook(PersonId::OWNER, &format!("http://127.0.0.1:9/{at}"), Template::Plain).await;
        }
        let add = async |person| alerts::channels::add_feed(&stage.atlas, person, [1; 32], stage.now()).await;
        let refused = add(person).await.unwrap_err();
        assert!(refused.to_string().contains("20 channels"), "{}: {refused}", stage.engine);
        add(PersonId::OWNER).await.unwrap();
    }
}

#[tokio::test]
async fn who_asks_many_times_at_once_has_no_more_room() {
    for stage in stages().await {
        let person = stage.atlas.add_person("Ada", "UTC", stage.now()).await.unwrap();
        let (plans, now) = (Plans::read(include_str!("../../../docs/plans.toml")).unwrap(), stage.now());
        let put_all = async |plans: &Plans, ats: std::ops::Range<usize>| {
            let mut puts = tokio::task::JoinSet::new();
            for at in ats {
                let (atlas, plans) = (stage.atlas.clone(), plans.clone());
                let cadence = Cadence::Week { weekday: Weekday::Monday, hour: 8 };
                let asks = NewWatch { cadence, ..NewWatch::on(Subject::Platform(format!("p{at}"))) };
                puts.spawn(async move { put_watch(&atlas, &plans, person, &asks, now).await.is_ok() });
            }
            puts.join_all().await.into_iter().filter(|put| *put).count()
        };
        assert_eq!(put_all(&plans, 0..8).await, 1, "{}: the free plan watches 1 platform", stage.engine);
        for at in 100..597 {
            stage.atlas.put_watch(person, &NewWatch::on(Subject::Platform(format!("p{at}"))), now).await.unwrap();
        }
        assert_eq!(put_all(&Plans::default(), 10..20).await, 2, "{}: of 500", stage.engine);

        let mut adds = tokio::task::JoinSet::new();
        for at in 0..30 {
            let atlas = stage.atlas.clone();
            adds.spawn(async move {
                let (poster, url) = (poster(), format!("http://127.0.0.1:9/{at}"));
                let added = alerts::channels::add_webhook(&atlas, person, &poster, &url, Template::Plain, [1; 32], now);
                added.await.is_ok()
            });
        }
        let added = adds.join_all().await.into_iter().filter(|added| *added).count();
        assert_eq!(added, 19, "{}: the inbox is the first of twenty", stage.engine);
    }
}
