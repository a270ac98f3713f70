//! Passes over a store, on every engine: nothing is asked twice, nothing is asked over the limit, a pass that is killed is gone on with.
mod common;

use std::sync::Arc;
use std::time::Duration;

use atlas::Atlas;
use atlas::answers::{Asker, Claim, ClauseWords, LEASE_MS, Open, Outcome};
use common::{
    ARBITRATION, Act, DAY, ENDING, START, Server, WAIVER, consultant, consultant_at, settings, stages, terms,
};
use consult::{Asking, Consultant, Endpoint, Report, Stop, Wanted};

async fn pass(consultant: &Consultant) -> Report {
    consultant.pass(&Wanted::default(), &|_| {}).await.unwrap()
}

async fn answered(atlas: &Atlas, words: &str) -> bool {
    atlas.said_of_clause(&ClauseWords { words, lead_in: None }).await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_asked_once() {
    for stage in stages().await {
        let atlas = common::open(&stage.location).await;
        common::document(&atlas, "plum", &[terms(5), terms(50)]).await;
        // The same words on another platform are the same question.
        common::document(&atlas, "quince", &[terms(50)]).await;
        let before = atlas.fingerprint().await.unwrap();
        let server = Server::sound().await;
        let report = pass(&consultant(&atlas, settings(&server.url))).await;
        assert_eq!((report.failed, report.refused, &report.stopped), (0, 0, &None), "{}", stage.engine);
        assert_eq!(report.answered, server.count());
        for words in [ARBITRATION, WAIVER, ENDING] {
            assert!(answered(&atlas, words).await, "{}: {words}", stage.engine);
        }
        let asked: Vec<String> = server.requests().iter().map(|(_, body)| common::asked_text(body)).collect();
        let distinct: std::collections::HashSet<&String> = asked.iter().collect();
        assert_eq!(distinct.len(), asked.len(), "{}", stage.engine);

        let said = atlas.said_of_change(&terms(5), &terms(50)).await.unwrap().expect("the change was asked about");
        assert_eq!((said.model.as_str(), said.prompt.as_str(), said.at_ms), ("plum-1", "1", START + 40 * DAY));
        assert!(said.what.quotations[0].quotation.contains("50 crowns"));

        let again = pass(&consultant(&atlas, settings(&server.url))).await;
        assert_eq!((again, server.count()), (Report::default(), report.answered), "{}: nothing is left", stage.engine);
        assert_eq!(atlas.fingerprint().await.unwrap(), before, "answers are no part of the record");
        assert_eq!(atlas.check().await.unwrap(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_or_prompt_is_asked_anew_and_the_newest_answer_stands() {
    for stage in stages().await {
        let atlas = common::open(&stage.location).await;
        common::document(&atlas, "plum", &[terms(5)]).await;
        let server = Server::sound().await;
        let first = pass(&consultant(&atlas, settings(&server.url))).await.answered;
        let open = Open { document: None, now_ms: START + 40 * DAY, eager: true, limit: 99 };
        let left = |model: &str, prompt: &str| {
            let (atlas, asker) = (atlas.clone(), Asker { model: model.into(), prompt: prompt.into() });
            async move { atlas.open_clauses(&asker, &open).await.unwrap().len() }
        };
        assert_eq!((left("plum-1", "1").await, left("plum-1", "2").await), (0, first), "{}", stage.engine);
        assert_eq!(left("plum-2", "1").await, first, "{}", stage.engine);

        let other = consult::Settings { model: "plum-2".into(), ..settings(&server.url) };
        assert_eq!(pass(&consultant_at(&atlas, other, START + 50 * DAY)).await.answered, first);
        let said = atlas.said_of_clause(&ClauseWords { words: WAIVER, lead_in: None }).await.unwrap().unwrap();
        assert_eq!((said.model.as_str(), said.at_ms), ("plum-2", START + 50 * DAY), "{}", stage.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn severe_clauses_come_first_and_documents_can_be_named() {
    for stage in stages().await {
        let atlas = common::open(&stage.location).await;
        let plum = common::document(&atlas, "plum", &[terms(5)]).await;
        let other = "# Quince Terms\n\nWe may remove your content at any time for any reason at our sole discretion.\n";
        let quince = common::document(&atlas, "quince", &[other.into()]).await;
        let asker = Asker { model: "m".into(), prompt: "1".into() };
        let mut open = Open { document: None, now_ms: 0, eager: false, limit: 99 };
        let mut severities = Vec::new();
        for clause in atlas.open_clauses(&asker, &open).await.unwrap() {
            let all = atlas.document_provisions(clause.document, false).await.unwrap();
            let of_it = all.iter().filter(|provision| clause.range.contains(&provision.excerpt_range.start));
            severities.push(of_it.map(|provision| provision.severity).max().unwrap());
        }
        assert!(severities.len() >= 4 && severities.is_sorted_by(|a, b| a >= b), "{}: {severities:?}", stage.engine);
        for id in [plum, quince] {
            open.document = Some(id);
            let found = atlas.open_clauses(&asker, &open).await.unwrap();
            assert!(!found.is_empty() && found.iter().all(|clause| clause.document == id), "{}", stage.engine);
        }
        let server = Server::sound().await;
        let wanted = Wanted { documents: vec![quince], ..Wanted::default() };
        consultant(&atlas, settings(&server.url)).pass(&wanted, &|_| {}).await.unwrap();
        assert!(!answered(&atlas, WAIVER).await && server.count() > 0, "{}", stage.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_asked_than_a_run_and_a_day_may_have() {
    for stage in stages().await {
        let atlas = common::open(&stage.location).await;
        common::document(&atlas, "plum", &[terms(5)]).await;
        let server = Server::sound().await;
        let one = Wanted { most: Some(1), ..Wanted::default() };
        let report = consultant(&atlas, settings(&server.url)).pass(&one, &|_| {}).await.unwrap();
        assert_eq!((report.answered, report.stopped, server.count()), (1, None, 1), "{}", stage.engine);

        let limited = |now_ms: i64| {
            let asking = Asking { at_once: 3, a_day: 2 };
            let endpoint = Endpoint::new(settings(&server.url)).unwrap();
            Consultant::new(atlas.clone(), endpoint, asking, Arc::new(move || now_ms))
        };
        let today = pass(&limited(START + 40 * DAY + 5)).await;
        assert_eq!(
            (today.answered, today.stopped),
            (1, Some(Stop::DayIsFull)),
            "{}: one was asked before",
            stage.engine
        );
        let tomorrow = pass(&limited(START + 41 * DAY)).await;
        assert!(tomorrow.answered >= 1 && server.count() <= 4, "{}: {tomorrow:?}", stage.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_ask_nothing_twice() {
    for stage in stages().await {
        let atlas = common::open(&stage.location).await;
        common::document(&atlas, "plum", &[terms(5), terms(50)]).await;
        let server = Server::sound().await;
        let passes = (0..4).map(|_| {
            let (atlas, url) = (atlas.clone(), server.url.clone());
            tokio::spawn(async move { pass(&consultant(&atlas, settings(&url))).await.answered })
        });
        let mut all = 0;
        for pass in passes.collect::<Vec<_>>() {
            all += pass.await.unwrap();
        }
        assert_eq!(all, server.count(), "{}", stage.engine);
        let texts: std::collections::HashSet<String> =
            server.requests().iter().map(|(_, body)| common::asked_text(body)).collect();
        assert_eq!(texts.len(), all, "{}", stage.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_is_killed_is_gone_on_with() {
    for stage in stages().await {
        let atlas = common::open(&stage.location).await;
        common::document(&atlas, "plum", &[terms(5), terms(50)]).await;
        let now_ms = START + 40 * DAY;
        let hanging = Server::start(|number, _| if number < 2 { Act::Sound } else { Act::Hang }).await;
        let killed =
            consultant(&atlas, consult::Settings { timeout: Duration::from_secs(60), ..settings(&hanging.url) });
        let under_way = async {
            while hanging.count() < 3 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            _ = pass(&killed) => panic!("the server never answers the third question"),
            () = under_way => {}
        }
        assert_eq!(atlas.tally(killed.endpoint().asker()).await.unwrap().answered, 2, "{}", stage.engine);

        // What was under way belongs to the killed one for a while; all else is asked.
        let server = Server::sound().await;
        let resumed = pass(&consultant(&atlas, settings(&server.url))).await;
        let asker = killed.endpoint().asker();
        assert_eq!(atlas.tally(asker).await.unwrap().under_way, 1, "{}", stage.engine);
        let last = pass(&consultant_at(&atlas, settings(&server.url), now_ms + LEASE_MS)).await;
        assert_eq!(last.answered, 1, "{}", stage.engine);
        assert_eq!(server.count(), resumed.answered + 1, "{}: nothing that was answered is asked again", stage.engine);
        let tally = atlas.tally(asker).await.unwrap();
        assert_eq!((tally.answered, tally.under_way), (2 + resumed.answered as i64 + 1, 0), "{}", stage.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_asked_to_end_gives_back_what_it_claimed() {
    for stage in stages().await {
        let atlas = common::open(&stage.location).await;
        common::document(&atlas, "plum", &[terms(5)]).await;
        let hanging = Server::start(|_, _| Act::Hang).await;
        let ended =
            consultant(&atlas, consult::Settings { timeout: Duration::from_secs(60), ..settings(&hanging.url) });
        let under_way = async {
            while hanging.count() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            _ = pass(&ended) => panic!("the server never answers"),
            () = under_way => {}
        }
        ended.release().await.unwrap();
        let server = Server::sound().await;
        pass(&consultant(&atlas, settings(&server.url))).await;
        assert_eq!(atlas.tally(ended.endpoint().asker()).await.unwrap().under_way, 0, "{}", stage.engine);
        assert!(answered(&atlas, ARBITRATION).await && answered(&atlas, WAIVER).await, "{}", stage.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_tried_again_later_each_time() {
    for stage in stages().await {
        let atlas = common::open(&stage.location).await;
        let asker = Asker { model: "m".into(), prompt: "1".into() };
        let asked = ClauseWords { words: "We may.", lead_in: Some("You agree:") }.asked();
        let claim = |now_ms: i64, eager: bool| {
            let (atlas, asker) = (atlas.clone(), asker.clone());
            async move { atlas.claim(&asker, &asked, now_ms, eager, 9).await.unwrap() }
        };
        let failed: Outcome<atlas::answers::AboutClause> = Outcome::Failed("it is away".into());
        let mut now_ms = START;
        for hours in [1, 4, 16, 64, 168, 168] {
            assert_eq!(claim(now_ms, false).await, Claim::Yours, "{}", stage.engine);
            assert_eq!(claim(now_ms, true).await, Claim::Taken, "{}: under way", stage.engine);
            atlas.settle(&asker, &asked, now_ms, &failed).await.unwrap();
            now_ms += hours * 3_600_000;
            assert_eq!(claim(now_ms - 1, false).await, Claim::Taken, "{}", stage.engine);
        }
        assert_eq!(claim(now_ms, false).await, Claim::Yours);
        atlas.settle(&asker, &asked, now_ms, &failed).await.unwrap();
        assert_eq!(claim(now_ms, true).await, Claim::Yours, "{}: the eager do not wait", stage.engine);
        let refused: Outcome<atlas::answers::AboutClause> = Outcome::Refused("no".into());
        atlas.settle(&asker, &asked, now_ms, &refused).await.unwrap();
        assert_eq!(claim(now_ms + 999 * DAY, true).await, Claim::Taken, "{}: never again", stage.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_asked_about_with_what_introduces_it() {
    let atlas = common::open(&atlas::Location::Memory).await;
    let text = "# Plum Terms\n\nYou may not do any of the following:\n\n- use output to develop or train models that compete with \
                Plum\n- reverse engineer, decompile or disassemble the service\n";
    common::document(&atlas, "plum", &[text.into()]).await;
    let server = Server::sound().await;
    pass(&consultant(&atlas, settings(&server.url))).await;
    let asked: Vec<String> = server
        .requests()
        .iter()
        .map(|(_, body)| body["messages"][1]["content"].as_str().unwrap().to_string())
        .collect();
    assert!(!asked.is_empty() && asked.iter().all(|asked| asked.contains("You may not do any of the following:")));
    let words = "reverse engineer, decompile or disassemble the service";
    let said = |lead_in| {
        let atlas = atlas.clone();
        async move { atlas.said_of_clause(&ClauseWords { words, lead_in }).await.unwrap() }
    };
    assert!(said(Some("You may not do any of the following:")).await.is_some());
    assert_eq!(said(Some("You may do any of the following:")).await, None, "other words make it another question");
}
