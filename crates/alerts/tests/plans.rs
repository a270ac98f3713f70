//! Plans over a store: what a person may watch, before, during and after a trial.
mod common;

use alerts::plans::{Plans, Refused, limit, platforms_watched, put_watch};
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
        assert_eq!(platforms_watched(&stage.atlas, person, None).await.unwrap().len(), 1);
        // It is said before somebody tries.
        let told = async |subject: &Subject| limit(&stage.atlas, &plans, person, subject, stage.now()).await.unwrap();
        assert_eq!(told(&Subject::Document(plum)).await, None);
        assert_eq!(told(&Subject::Document(pear)).await, Some(why));

        plans.try_out(&stage.atlas, person, "monitor", stage.now()).await.unwrap();
        put(&NewWatch::on(Subject::Document(pear))).await.unwrap();
        let entitled = plans.of(&stage.atlas, person, stage.now()).await.unwrap();
        assert_eq!(entitled.trial_until_ms, Some(stage.now() + 14 * DAY));
        assert!(
            entitled.told(&platforms_watched(&stage.atlas, person, None).await.unwrap()).unwrap().contains("2 of 25")
        );
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
