//! Operating accounts and organisations on the site: what an operator sees and does, and that nobody else does.
use std::sync::atomic::Ordering;

use accounts::Scope;
use atlas::accounts::Role;
use atlas::plans::{NewSubscription, Trial};
use atlas::watching::{ChannelKind, NewChannel, NewWatch, PersonId, Subject, Template};
use axum::http::{StatusCode, header};

use crate::accounts::{Asks, Hall, PASSWORD, encoded, hall, here, market};
use crate::well_formed;

/// What is read by operators only.
pub const READS: [&str; 6] = [
    "/operate",
    "/operate/users",
    "/operate/organisations",
    "/operate/plans",
    "/operate/add",
    "/operate/catalog/{file}",
];
/// Every address at which operators change something, with a form that would do something.
pub const CHANGES: [(&str, &str); 8] = [
    ("/operate/add", "url=https%3A%2F%2Fplum.example%2F"),
    ("/operate/add/track", "url=https%3A%2F%2Fplum.example%2F"),
    ("/operate/documents/{id}", "do=check"),
    ("/operate/messages", "message=all"),
    ("/operate/announcements", "text=x&until=2030-01-01"),
    ("/operate/announcements/{id}", ""),
    ("/operate/users/{person}", "do=grant"),
    ("/operate/organisations/{organisation}", "member={person}"),
];

/// How many operators there are who can sign in.
async fn operators_left(atlas: &atlas::Atlas) -> usize {
    let accounts = atlas.accounts(0, i64::MAX).await.unwrap();
    accounts.iter().filter(|account| account.operator && account.disabled_ms.is_none()).count()
}

/// An operator who has just signed in, and their number.
async fn operated(hall: &Hall) -> (Asks, PersonId) {
    let (secret, person) = hall.person("olga@example.org").await;
    hall.atlas.set_operator(person, true, false).await.unwrap();
    (Asks::browser(&secret), person)
}

fn users(person: PersonId) -> String {
    format!("/operate/users/{person}")
}

#[tokio::test]
async fn nobody_but_an_operator_reaches_any_of_it() {
    let hall = market().await;
    let (olga, own) = operated(&hall).await;
    let (secret, ada) = hall.person("ada@example.org").await;
    let company = hall.atlas.found_organisation(ada, "Byron & Co", 5, 0).await.unwrap().unwrap();
    let visitor = hall.accounts.visitor(&secret).await.unwrap().unwrap();
    let token = hall.accounts.add_token(&visitor, "all", &Scope::ALL, 30, &here()).await.unwrap();
    let visitor = hall.accounts.visitor(olga.cookie.as_ref().unwrap()).await.unwrap().unwrap();
    let operators = hall.accounts.add_token(&visitor, "all", &Scope::ALL, 30, &here()).await.unwrap();
    let strangers = [
        (Asks::stranger(), StatusCode::SEE_OTHER),
        (Asks::browser(&secret), StatusCode::FORBIDDEN),
        (Asks::program(&token), StatusCode::FORBIDDEN),
        (Asks::program(&operators), StatusCode::FORBIDDEN),
    ];
    for (asks, refusal) in &strangers {
        for path in READS.map(|path| path.replace("{file}", "plum.toml")) {
            let page = hall.get(asks, &path).await;
            assert_eq!(page.status, *refusal, "{path}");
            assert!(!page.body.contains("olga@example.org") && !page.body.contains("Byron"), "{path}: {}", page.body);
            let json = hall.get(asks, &format!("{path}.json")).await;
            assert!(json.status.is_client_error() && !json.body.contains("@example.org"), "{path}: {}", json.body);
        }
        for (path, form) in CHANGES {
            let fill = |text: &str| {
                let text = text.replace("{person}", &ada.to_string()).replace("{id}", "1");
                text.replace("{organisation}", &company.to_string())
            };
            assert_eq!(hall.post(asks, &fill(path), &fill(form)).await.status, *refusal, "{path}");
        }
    }
    assert!(!hall.atlas.account(ada).await.unwrap().unwrap().operator);
    assert_eq!(operators_left(&hall.atlas).await, 1);
    // What is offered of the catalog is there only after a look at a page.
    for path in READS.into_iter().filter(|path| !path.contains("{file}")) {
        let page = hall.get(&olga, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        well_formed::check(&page.body).unwrap_or_else(|wrong| panic!("{path}: {wrong}"));
        assert_eq!(page.header(header::CACHE_CONTROL), "no-store", "{path}");
    }
    assert_eq!(hall.atlas.account(own).await.unwrap().unwrap().disabled_ms, None);
}

#[tokio::test]
async fn accounts_are_listed_without_what_is_theirs() {
    let hall = market().await;
    let (olga, _) = operated(&hall).await;
    let (_, ada) = hall.person("ada_b@example.org").await;
    let now = hall.clock.load(Ordering::Relaxed);
    let mut asks = NewWatch::on(Subject::Platform("plum".into()));
    asks.note = "a secret note".into();
    hall.atlas.put_watch(ada, &asks, now).await.unwrap();
    let hook = NewChannel {
        kind: ChannelKind::Webhook,
        address: "https://hooks.example/T1".into(),
        template: Template::Slack,
        confirmed: true,
        secret: [9; 32],
    };
    hall.atlas.add_channel(ada, &hook, now).await.unwrap();
    hall.atlas.found_organisation(ada, "Byron & <Co>", 5, now).await.unwrap().unwrap();
    let trial = Trial { plan: "monitor".into(), since_ms: now, until_ms: now + 1 };
    assert!(hall.atlas.begin_trial(ada, &trial).await.unwrap());
    let page = hall.get(&olga, "/operate/users?q=ADA_").await;
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("1 account with “ADA_” in the address"), "{}", page.body);
    assert!(!page.body.contains("olga@"), "what is searched is a text, and no pattern: {}", page.body);
    for shown in [
        "ada_b@example.org",
        "Byron &#38; &#60;Co&#62;</bdi> <span class=\"meta\">owner",
        "Monitor <span class=\"meta\">trial",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert!(page.body.contains("data-label=\"Watches\" class=\"num\">1<"));
    let json = hall.get(&olga, "/operate/users.json").await;
    for hidden in ["secret note", "hooks.example", "argon2", "plum", &"09".repeat(32)] {
        assert!(!page.body.contains(hidden) && !json.body.contains(hidden), "{hidden}");
    }
    let json: serde_json::Value = serde_json::from_str(&json.body).unwrap();
    let user = &json["users"][1]["user"];
    assert_eq!(
        (json["total"].as_i64(), user["factor"].as_bool(), user["watches"].as_i64()),
        (Some(2), Some(false), Some(1))
    );
    assert_eq!((user["seen_ms"].as_i64(), user["made_ms"].as_i64()), (Some(now), Some(now)));
    assert_eq!(json["users"][1]["plan"]["how"], "trial");
    // Pages are turned with the search kept.
    for number in 0..25 {
        hall.accounts.create_operator(&format!("bob{number}@example.org")).await.unwrap();
    }
    let first = hall.get(&olga, "/operate/users?q=example").await;
    assert!(first.body.contains("/operate/users?q=example&#38;page=2"), "{}", first.body);
    assert!(hall.get(&olga, "/operate/users?q=example&page=2").await.body.contains("bob24@example.org"));
    assert_eq!(hall.get(&olga, "/operate/users?page=0").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_operator_does_with_accounts_what_the_command_line_does() {
    let hall = hall().await;
    let (olga, own) = operated(&hall).await;
    let (secret, ada) = hall.person("ada@example.org").await;
    let act = async |form: &str| {
        let answer = hall.post(&olga, &format!("{}?q=ada", users(ada)), form).await;
        well_formed::check(&answer.body).unwrap();
        assert!(answer.status != StatusCode::OK || answer.body.contains("value=\"ada\""), "the search is kept");
        answer
    };
    assert_eq!(act("do=sign-out").await.status, StatusCode::OK);
    assert!(hall.accounts.visitor(&secret).await.unwrap().is_none());
    assert!(act("do=reset").await.body.contains("A link to set a password is mailed to ada@example.org"));
    let link = hall.link().await;
    assert!(hall.get(&Asks::stranger(), &link).await.body.contains("new password"));
    assert!(act("do=close").await.body.contains("closed since"));
    assert_eq!(hall.get(&Asks::stranger(), &link).await.status, StatusCode::NOT_FOUND, "links end with it");
    let closed = act("do=reset").await;
    assert!(closed.status == StatusCode::BAD_REQUEST && closed.body.contains("The account is closed; open it first"));
    act("do=open").await;
    act("do=grant").await;
    assert!(hall.atlas.account(ada).await.unwrap().unwrap().operator);
    act("do=revoke").await;
    assert!(!hall.atlas.account(ada).await.unwrap().unwrap().operator);
    assert_eq!(act("do=fly").await.status, StatusCode::BAD_REQUEST);
    for path in ["/operate/users/999", "/operate/users/x", "/operate/organisations/999"] {
        assert_eq!(hall.post(&olga, path, "do=grant&member=1").await.status, StatusCode::NOT_FOUND, "{path}");
    }
    // Each is in the log of the account, without who did it, and in the operator's with from where.
    let of_ada = hall.atlas.audit(Some(ada), 0, 99).await.unwrap();
    let of_olga = hall.atlas.audit(Some(own), 0, 99).await.unwrap();
    for event in
        ["access-ended", "reset-sent", "account-disabled", "account-enabled", "operator-granted", "operator-revoked"]
    {
        let entry = of_ada.iter().find(|entry| entry.event == event).unwrap_or_else(|| panic!("{event}"));
        assert_eq!((entry.source.as_str(), entry.by), ("an operator", Some(own)), "{event}");
        let done = format!("{event} of person {ada}");
        let own = of_olga.iter().find(|entry| entry.event == "operated" && entry.detail == done).expect(event);
        assert_eq!(own.source, "192.0.2.1");
    }
}

#[tokio::test]
async fn the_last_operator_stays_and_an_open_browser_operates_nothing() {
    let hall = hall().await;
    let (olga, own) = operated(&hall).await;
    let (_, ada) = hall.person("ada@example.org").await;
    for form in ["do=revoke", "do=close"] {
        let kept = hall.post(&olga, &users(own), form).await;
        assert_eq!(kept.status, StatusCode::CONFLICT, "{form}");
        assert!(kept.body.contains("This site has no other operator who can sign in"), "{}", kept.body);
    }
    assert_eq!(operators_left(&hall.atlas).await, 1);
    assert_eq!(hall.get(&olga, "/operate/users").await.status, StatusCode::OK, "still signed in");
    hall.clock.fetch_add(16 * 60_000, Ordering::Relaxed);
    let page = hall.get(&olga, "/operate/users").await;
    assert!(page.body.contains("Your password, once more"), "{}", page.body);
    for form in ["do=grant", "do=sign-out", "do=close", "do=reset", "do=grant&proof=wrong+words+entirely"] {
        assert_eq!(hall.post(&olga, &users(ada), form).await.status, StatusCode::FORBIDDEN, "{form}");
    }
    assert!(!hall.atlas.account(ada).await.unwrap().unwrap().operator);
    let granted = hall.post(&olga, &users(ada), &format!("do=grant&proof={}", encoded(PASSWORD))).await;
    assert_eq!(granted.status, StatusCode::OK, "{}", granted.body);
    assert!(!granted.body.contains("Your password, once more"), "it was just given: {}", granted.body);
    assert!(hall.atlas.account(ada).await.unwrap().unwrap().operator);
}

#[tokio::test]
async fn who_is_one_of_two_operators_may_go() {
    let hall = hall().await;
    let (olga, own) = operated(&hall).await;
    let (_, ada) = hall.person("ada@example.org").await;
    hall.atlas.set_operator(ada, true, false).await.unwrap();
    let gone = hall.post(&olga, &users(own), "do=revoke").await;
    assert_eq!((gone.status, gone.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/account"));
    assert_eq!(hall.get(&olga, "/operate/users").await.status, StatusCode::FORBIDDEN);
    // Two who make each other ordinary persons at the same moment: one stays.
    hall.atlas.set_operator(own, true, false).await.unwrap();
    let (one, other) =
        tokio::join!(hall.atlas.set_operator(own, false, true), hall.atlas.set_operator(ada, false, true));
    assert_ne!(one.unwrap(), other.unwrap());
    assert_eq!(operators_left(&hall.atlas).await, 1);
}

#[tokio::test]
async fn an_organisation_whose_owner_is_gone_is_handed_over() {
    let hall = hall().await;
    let (olga, own) = operated(&hall).await;
    let ((_, ada), (secret, bob)) = (hall.person("ada@example.org").await, hall.person("bob@example.org").await);
    let company = hall.atlas.found_organisation(ada, "Byron & Co", 5, 0).await.unwrap().unwrap();
    crate::organisations::joined(&hall, ada, company, bob, "bob@example.org", Role::Reader).await;
    let page = hall.get(&olga, "/operate/organisations").await;
    well_formed::check(&page.body).unwrap();
    for shown in
        ["Byron &#38; Co", "2 members", "ada@example.org", "bob@example.org</span> <span class=\"meta\">reader"]
    {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let path = format!("/operate/organisations/{company}");
    for form in [format!("member={own}"), "member=x".into(), String::new()] {
        assert!(hall.post(&olga, &path, &form).await.status.is_client_error(), "{form}");
    }
    let done = hall.post(&olga, &path, &format!("member={bob}")).await;
    well_formed::check(&done.body).unwrap();
    assert!(done.body.contains("bob@example.org is an owner of Byron &#38; Co."), "{}", done.body);
    let log = hall.get(&Asks::browser(&secret), &format!("/organisations/{company}")).await;
    assert!(log.body.contains("the operator of this site made bob@example.org owner"), "{}", log.body);
}

#[tokio::test]
async fn plans_in_use_are_counted() {
    let hall = market().await;
    let (olga, own) = operated(&hall).await;
    let ((_, ada), (_, bob)) = (hall.person("ada@example.org").await, hall.person("bob@example.org").await);
    let now = hall.clock.load(Ordering::Relaxed);
    let pays = |id: &str, person, plan: &str| NewSubscription { id: id.into(), person, plan: plan.into() };
    hall.atlas.subscribed(&pays("s1", ada, "monitor"), now).await.unwrap();
    hall.atlas.subscribed(&pays("s2", bob, "monitor"), now).await.unwrap();
    hall.atlas.subscribed(&pays("s3", own, "monitor"), now).await.unwrap();
    hall.atlas.unsubscribed("s3", now).await.unwrap();
    let trial = Trial { plan: "compliance".into(), since_ms: now + 1, until_ms: now + 1000 };
    assert!(hall.atlas.begin_trial(bob, &trial).await.unwrap());
    let counted = async || {
        let json: serde_json::Value = serde_json::from_str(&hall.get(&olga, "/operate/plans.json").await.body).unwrap();
        let of = |plan: &serde_json::Value| {
            ["persons", "trials", "subscriptions"].map(|field| plan[field].as_i64().unwrap())
        };
        json["plans"].as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(counted().await, [[1, 0, 0], [1, 0, 2], [1, 1, 0]]);
    hall.clock.fetch_add(2000, Ordering::Relaxed);
    assert_eq!(counted().await, [[1, 0, 0], [2, 0, 2], [0, 0, 0]], "the trial is over");
    let page = hall.get(&olga, "/operate/plans").await;
    assert!(page.body.contains("3 persons have accounts, 0 trials run, 2 subscriptions run."), "{}", page.body);
}

#[tokio::test]
async fn what_a_closed_account_gave_to_others_is_gone_until_it_is_opened() {
    let hall = hall().await;
    let (olga, _) = operated(&hall).await;
    let (_, ada) = hall.person("ada@example.org").await;
    let feed = NewChannel {
        kind: ChannelKind::Feed,
        address: String::new(),
        template: Template::Plain,
        confirmed: true,
        secret: [9; 32],
    };
    let feed = hall.atlas.add_channel(ada, &feed, 0).await.unwrap();
    hall.atlas.share_watchlist(ada, Some([8; 32])).await.unwrap();
    let share = hall.atlas.person(ada).await.unwrap().unwrap().shared.unwrap();
    let paths = [format!("/feeds/{}", feed.feed_token().unwrap()), format!("/watchlists/{share}")];
    for (form, status) in [("", StatusCode::OK), ("do=close", StatusCode::NOT_FOUND), ("do=open", StatusCode::OK)] {
        if !form.is_empty() {
            assert_eq!(hall.post(&olga, &users(ada), form).await.status, StatusCode::OK);
        }
        for path in &paths {
            assert_eq!(hall.get(&Asks::stranger(), path).await.status, status, "{path} after {form:?}");
        }
    }
}
