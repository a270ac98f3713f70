//! Organisations on the site: every address of theirs, asked by a stranger, a reader, an editor, an owner, and the owner of another one.
use std::collections::BTreeMap;

use accounts::Scope;
use atlas::accounts::{NewInvitation, Role};
use atlas::watching::{ChannelKind, MessageFilter, MessageId, NewChannel, NewWatch, PersonId, Subject, Template};
use axum::http::{StatusCode, header};

use crate::accounts::{Asks, Hall, POSTS, encoded, hall, here};
use crate::{between, well_formed};

/// What is read of an organisation.
pub const READS: [&str; 8] = [
    "/organisations",
    "/organisations/{organisation}",
    "/organisations/{organisation}/watchlist",
    "/organisations/{organisation}/watchlist.csv",
    "/organisations/{organisation}/watchlist.opml",
    "/organisations/{organisation}/watchlist/report",
    "/organisations/{organisation}/watchlist/report.csv",
    "/organisations/{organisation}/inbox",
];
/// Every address at which something of an organisation is changed, with a form that would do something, and the role that it takes.
pub const CHANGES: [(&str, &str, Role); 18] = [
    ("/organisations/{organisation}/watchlist/settings", "zone=Europe/Berlin&share=open", Role::Editor),
    ("/organisations/{organisation}/watchlist/{id}", "minor=1&note=x", Role::Editor),
    ("/organisations/{organisation}/watchlist/import", "subject,note\nplatform:orrery,imported", Role::Editor),
    ("/organisations/{organisation}/watchlist/{id}", "end=1", Role::Editor),
    ("/organisations/{organisation}/channels", "kind=webhook&address=https%3A%2F%2Fnew.example%2F", Role::Editor),
    ("/organisations/{organisation}/channels/{id}", "do=test", Role::Editor),
    ("/organisations/{organisation}/channels/{id}", "do=pause", Role::Editor),
    ("/organisations/{organisation}/channels/{id}", "do=renew", Role::Editor),
    ("/organisations/{organisation}/channels/{id}", "do=remove", Role::Editor),
    ("/organisations/{organisation}/inbox", "", Role::Reader),
    ("/organisations/{organisation}/messages/{id}", "", Role::Editor),
    (
        "/watch",
        "for={organisation}&subject=%7B%22watches%22%3A%22platform%22%2C%22subject%22%3A%22orrery%22%7D",
        Role::Editor,
    ),
    ("/organisations/{organisation}", "name=Other", Role::Owner),
    ("/organisations/{organisation}/members", "member={id}&role=owner", Role::Owner),
    ("/organisations/{organisation}/members", "member={id}&do=remove", Role::Owner),
    ("/organisations/{organisation}/invitations", "address=new@example.org&role=owner", Role::Owner),
    ("/organisations/{organisation}/invitations", "withdraw={id}", Role::Owner),
    ("/organisations/{organisation}/export", "", Role::Owner),
];
/// What deletes one: it stands alone, since nothing can be asked of it twice.
pub const DELETE: (&str, &str) = ("/organisations/{organisation}/delete", "sure=delete");
/// What changes nothing of an organisation that is there.
pub const OTHERS: [&str; 1] = ["/organisations"];

/// Numbers of watches, channels, messages, members and invitations are all among these.
const NUMBERS: std::ops::RangeInclusive<i64> = 1..=30;

/// A hall with an organisation whose every record is marked, and persons with each role.
struct Company {
    hall: Hall,
    of: PersonId,
    /// The session and the number of each.
    who: BTreeMap<&'static str, (String, PersonId)>,
}

const MARK: &str = "orgmark";

pub async fn joined(hall: &Hall, by: PersonId, of: PersonId, person: PersonId, address: &str, role: Role) {
    let new = NewInvitation { organisation: of, address, key: address, role, by, expires_ms: i64::MAX };
    let id = hall.atlas.invite(&new, 0).await.unwrap().unwrap();
    let invitation = hall.atlas.invitation(id, 0).await.unwrap().unwrap();
    assert!(hall.atlas.accept_invitation(&invitation, person, 100, 0).await.unwrap());
}

async fn company() -> Company {
    let hall = hall().await;
    let mut who = BTreeMap::new();
    for name in ["owner", "second", "editor", "reader", "stranger", "other"] {
        who.insert(name, hall.person(&format!("{name}@example.org")).await);
    }
    let founder = |name: &str| hall.accounts.visitor(&who[name].0);
    let owner = founder("owner").await.unwrap().unwrap();
    let of = hall.accounts.found_organisation(&owner, &format!("Company {MARK}"), &here()).await.unwrap();
    let other = founder("other").await.unwrap().unwrap();
    hall.accounts.found_organisation(&other, "Another", &here()).await.unwrap();
    for (name, role) in [("second", Role::Owner), ("editor", Role::Editor), ("reader", Role::Reader)] {
        joined(&hall, owner.account.person, of, who[name].1, &format!("{name}@example.org"), role).await;
    }
    let mut asks = NewWatch::on(Subject::Platform("plum".into()));
    asks.note = format!("note {MARK}");
    hall.atlas.put_watch(of, &asks, 0).await.unwrap();
    for (kind, address) in [
        (ChannelKind::Webhook, format!("https://{MARK}.example/hook")),
        (ChannelKind::Mail, format!("{MARK}@example.org")),
        (ChannelKind::Feed, String::new()),
    ] {
        let secret = archive::Sha256Digest::of(format!("{MARK} {kind:?}").as_bytes()).0;
        let new = NewChannel { kind, address, template: Template::Plain, confirmed: true, secret };
        hall.atlas.add_channel(of, &new, 0).await.unwrap();
    }
    for channel in hall.atlas.channels(of).await.unwrap() {
        let now_ms = hall.clock.load(std::sync::atomic::Ordering::Relaxed);
        alerts::channels::test(&hall.atlas, of, channel.id, now_ms).await.unwrap();
    }
    hall.accounts.invite(&owner, of, &format!("{MARK}.guest@example.org"), Role::Reader, &here()).await.unwrap();
    Company { hall, of, who }
}

impl Company {
    fn asks(&self, name: &str) -> Asks {
        self.who.get(name).map_or_else(Asks::stranger, |(secret, _)| Asks::browser(secret))
    }

    /// An address or a form for this organisation.
    fn at(&self, text: &str) -> String {
        text.replace("{organisation}", &self.of.to_string())
    }

    /// All that is the organisation's.
    async fn state(&self) -> String {
        let (atlas, of) = (&self.hall.atlas, self.of);
        let everything = MessageFilter { limit: 1000, ..MessageFilter::default() };
        let channels = atlas.channels(of).await.unwrap();
        let secrets: Vec<_> = channels.iter().map(|channel| channel.secret.clone()).collect();
        format!(
            "{:?} {:?} {:?} {:?} {:?} {secrets:?} {:?}",
            atlas.organisation(of).await.unwrap(),
            atlas.person(of).await.unwrap(),
            atlas.members(of).await.unwrap(),
            atlas.invited(of, 0).await.unwrap(),
            atlas.watches(of).await.unwrap(),
            (channels, atlas.messages(of, &everything).await.unwrap()),
        )
    }

    /// Does everything that could be done, with all numbers, as somebody: what was answered, by address and form.
    async fn all_of(
        &self,
        asks: &Asks,
        changes: impl Iterator<Item = (&'static str, &'static str)>,
    ) -> Vec<(String, StatusCode)> {
        let mut answers = Vec::new();
        for (path, form) in changes {
            let several = path.contains("{id}") || form.contains("{id}");
            for id in NUMBERS.filter(|id| several || *id == 1) {
                let with = |text: &str| self.at(text).replace("{id}", &id.to_string());
                let answer = self.hall.post(asks, &with(path), &with(form)).await;
                let shows = answer.body.contains(MARK);
                answers.push((format!("{} {} shows: {shows}", with(path), with(form)), answer.status));
            }
        }
        answers
    }
}

#[tokio::test]
async fn nothing_of_an_organisation_shows_to_others() {
    let company = company().await;
    let (hall, before) = (&company.hall, company.state().await);
    for name in ["stranger", "other", "nobody"] {
        let asks = company.asks(name);
        for path in READS
            .iter()
            .map(|path| company.at(path))
            .chain(["/watchlist", "/inbox", "/account", "/platforms/plum"].map(String::from))
        {
            for path in [path.clone(), format!("{path}.json")] {
                let answer = hall.get(&asks, &path).await;
                assert!(!answer.body.contains(MARK), "{path} shows something to {name}: {}", answer.body);
                let named = path.contains(&format!("/{}", company.of));
                let refused =
                    [StatusCode::NOT_FOUND, StatusCode::SEE_OTHER, StatusCode::UNAUTHORIZED].contains(&answer.status);
                assert!(!named || refused, "{path} for {name}: {}", answer.status);
            }
        }
        // As if it were not there.
        let missing = hall.get(&asks, "/organisations/999999/watchlist").await;
        let theirs = hall.get(&asks, &company.at("/organisations/{organisation}/watchlist")).await;
        assert_eq!(missing.body.replace("999999", &company.of.to_string()), theirs.body, "{name}");
        let changes = CHANGES.iter().map(|(path, form, _)| (*path, *form)).chain([DELETE]);
        for (what, status) in company.all_of(&asks, changes).await {
            assert!(what.ends_with("shows: false"), "{what} to {name}");
            let fine = [StatusCode::NOT_FOUND, StatusCode::SEE_OTHER].contains(&status);
            assert!(fine, "{what} for {name}: {status}");
        }
        assert_eq!(company.state().await, before, "{name} changed something");
    }
}

#[tokio::test]
async fn each_role_changes_what_it_may_and_nothing_else() {
    let company = company().await;
    let before = company.state().await;
    for (name, role) in [("reader", Role::Reader), ("editor", Role::Editor)] {
        let asks = company.asks(name);
        let refused = CHANGES.iter().filter(|(_, _, least)| *least > role).map(|(path, form, _)| (*path, *form));
        for (what, status) in company.all_of(&asks, refused.chain([DELETE])).await {
            assert_eq!(status, StatusCode::FORBIDDEN, "{what} for {name}");
        }
        assert_eq!(company.state().await, before, "{name} changed what they may not");
    }
    // What each change does for who may: something, for one number or another.
    for (path, form, least) in CHANGES {
        for (name, role) in [("reader", Role::Reader), ("editor", Role::Editor), ("owner", Role::Owner)] {
            if role < least || path.ends_with("/export") {
                continue;
            }
            let company = self::company().await;
            if path.ends_with("/inbox") {
                read_for_themselves(&company, path, name).await;
                continue;
            }
            let before = company.state().await;
            if path.contains("/messages/") {
                let sent = company.hall.atlas.messages(company.of, &MessageFilter::default()).await.unwrap();
                let dead = atlas::watching::Outcome::Dead { reason: "x".into() };
                let settled: Vec<(MessageId, _)> = sent.iter().map(|message| (message.id, dead.clone())).collect();
                company.hall.atlas.settle_messages(&settled, 0).await.unwrap();
            }
            company.all_of(&company.asks(name), [(path, form)].into_iter()).await;
            assert_ne!(company.state().await, before, "{path} {form} does nothing for {name}");
        }
    }
}

/// Whoever marks all as read has read it, and nobody else.
async fn read_for_themselves(company: &Company, path: &'static str, name: &str) {
    let before = company.state().await;
    let members = company.hall.atlas.members(company.of).await.unwrap();
    let unread = async || {
        let mut all = Vec::new();
        for member in &members {
            all.push((member.address.clone(), company.hall.atlas.unread(company.of, member.person).await.unwrap()));
        }
        all
    };
    assert!(unread().await.iter().all(|(_, unread)| *unread == 1), "{:?}", unread().await);
    company.all_of(&company.asks(name), [(path, "")].into_iter()).await;
    let left: Vec<(String, i64)> = unread().await.into_iter().filter(|(_, unread)| *unread == 0).collect();
    assert_eq!(left, [(format!("{name}@example.org"), 0)]);
    let inbox = company.hall.get(&company.asks(name), &company.at(path)).await.body;
    assert!(inbox.contains("All is read") && !inbox.contains("message-unread"), "{inbox}");
    assert_eq!(company.state().await, before, "what others share is not changed");
}

#[tokio::test]
async fn a_reader_sees_the_watchlist_and_no_secret_of_it() {
    let company = company().await;
    let (hall, of) = (&company.hall, company.of);
    let feed = hall.atlas.channels(of).await.unwrap().into_iter().find_map(|channel| channel.feed_token()).unwrap();
    hall.atlas.share_watchlist(of, Some([9; 32])).await.unwrap();
    let shared = hall.atlas.person(of).await.unwrap().unwrap().shared.unwrap();
    for (name, changes) in [("reader", false), ("editor", true), ("owner", true)] {
        let list = hall.get(&company.asks(name), &format!("/organisations/{of}/watchlist")).await;
        assert_eq!(list.status, StatusCode::OK, "{name}");
        well_formed::check(&list.body).unwrap();
        assert!(list.body.contains(&format!("note {MARK}")), "{name}");
        for secret in
            [&feed, &shared, "whsec_", &format!("{MARK}.example/hook"), "Stop watching", "<h2 id=\"channels\">"]
        {
            assert_eq!(list.body.contains(secret), changes, "{secret} for {name}");
        }
        let told = hall.get(&company.asks(name), &format!("/organisations/{of}/watchlist.json")).await.body;
        assert_eq!(told.contains("\"webhook\""), changes, "{name}");
        assert!(!told.contains("/hook"), "{name}: of the address the host alone is told");
        let inbox = hall.get(&company.asks(name), &format!("/organisations/{of}/inbox")).await;
        well_formed::check(&inbox.body).unwrap();
        assert!(inbox.body.contains("Mark all as read"), "{name} reads for themselves");
        let page = hall.get(&company.asks(name), &format!("/organisations/{of}")).await;
        well_formed::check(&page.body).unwrap();
        for told in [&format!("{MARK}.guest@example.org"), "Delete it", "<h2 id=\"log\">", "Rename it"] {
            assert_eq!(page.body.contains(told), name == "owner", "{told} for {name}");
        }
        // The button of a record names whose watchlist it goes to.
        let record = hall.get(&company.asks(name), "/platforms/plum").await;
        well_formed::check(&record.body).unwrap();
        assert_eq!(record.body.contains(&format!("name=\"for\" value=\"{of}\"")), changes, "{name}");
        assert_eq!(record.body.contains(">Your watchlist</span>"), changes, "{name}");
    }
}

#[tokio::test]
async fn an_organisation_is_founded_shared_and_left() {
    let hall = hall().await;
    let (ada, _) = hall.person("ada@example.org").await;
    let ada = Asks::browser(&ada);
    let page = hall.get(&ada, "/organisations").await;
    well_formed::check(&page.body).unwrap();
    assert!(page.body.contains("You belong to none"), "before any is founded: {}", page.body);
    let wrong = hall.post(&ada, "/organisations", "name=evil.example").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "an address is no name");
    well_formed::check(&wrong.body).unwrap();
    assert!(
        wrong.body.contains("role=\"alert\">An organisation's name")
            || wrong.body.contains("role=\"alert\">An organisation&#39;s name"),
        "{}",
        wrong.body
    );
    let founded = hall.post(&ada, "/organisations", "name=Plum+%26+Legal").await;
    let place = founded.header(header::LOCATION).to_string();
    assert!(founded.status == StatusCode::SEE_OTHER && place.starts_with("/organisations/"), "{place}");
    let invited = hall.post(&ada, &format!("{place}/invitations"), "address=bob@example.org&role=editor").await;
    well_formed::check(&invited.body).unwrap();
    assert!(invited.body.contains("role=\"status\">A mail is on its way to bob@example.org"), "{}", invited.body);
    // Whoever has no account makes one by the link.
    let link = hall.link().await;
    let visitor = Asks::stranger();
    let page = hall.get(&visitor, &link).await;
    well_formed::check(&page.body).unwrap();
    for said in
        ["ada@example.org invites bob@example.org", "Plum &#38; Legal", "as editor", "Decline", "Accept and sign in"]
    {
        assert!(page.body.contains(said), "{said} is not in {}", page.body);
    }
    let entered = hall.post(&visitor, &link, "password=copper+lantern+mostly+4").await;
    assert_eq!(entered.header(header::LOCATION), format!("{place}/watchlist"), "Bob accepts with a new account");
    let bob = Asks::browser(between(entered.header(header::SET_COOKIE), "__Host-clausewatch=", ";"));
    let list = hall.get(&bob, &format!("{place}/watchlist")).await;
    well_formed::check(&list.body).unwrap();
    assert!(
        list.body.contains("<h1>Watchlist of Plum &#38; Legal</h1>")
            && list.body.contains("aria-current=\"true\">Plum &#38; Legal"),
        "{}",
        list.body
    );
    // They watch from a record's page, for the organisation.
    let record = hall.get(&bob, "/platforms/plum").await;
    let number = place.rsplit('/').next().unwrap();
    let form = format!("for={number}&back=/platforms/plum&{}", POSTS[0].1);
    assert_eq!(hall.post(&bob, "/watch", &form).await.status, StatusCode::SEE_OTHER, "Bob watches for it");
    assert!(record.body.contains("watch-several"), "Bob chooses for whom: {}", record.body);
    let list = hall.get(&ada, &format!("{place}/watchlist")).await;
    assert!(list.body.contains("href=\"/platforms/plum\""), "Ada sees what Bob watches: {}", list.body);
    assert!(hall.get(&ada, "/watchlist").await.body.contains("Nothing is watched yet"), "her own is another");
    for wrong in ["for=x", "for=999999", "for=-1", "for=1"] {
        let answer = hall.post(&bob, "/watch", &format!("{wrong}&{}", POSTS[0].1)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{wrong}");
    }
    // Who has an account is taken to it.
    let (eve, _) = hall.person("eve@example.org").await;
    hall.post(&ada, &format!("{place}/invitations"), "address=eve@example.org&role=reader").await;
    let link = hall.link().await;
    let page = hall.get(&visitor, &link).await;
    well_formed::check(&page.body).unwrap();
    assert!(
        page.body.contains("/account/sign-in?address=eve%40example.org&#38;back=%2Forganisations"),
        "{}",
        page.body
    );
    let entered = hall.post(&visitor, &link, "password=copper+lantern+mostly+4").await;
    assert_eq!(entered.status, StatusCode::BAD_REQUEST, "the link makes no second account of Eve's");
    let eve = Asks::browser(&eve);
    assert_eq!(hall.get(&eve, &link).await.header(header::LOCATION), "/organisations", "Eve follows the link");
    assert!(hall.get(&eve, "/account").await.body.contains("1 invitation waits"), "Eve is told on her account");
    let page = hall.get(&eve, "/organisations").await;
    well_formed::check(&page.body).unwrap();
    let id = between(&page.body, "name=\"accept\" value=\"", "\"");
    let accepted = hall.post(&eve, "/organisations", &format!("accept={id}")).await;
    assert_eq!(accepted.header(header::LOCATION), format!("{place}/watchlist"), "Eve accepts");
    let again = hall.post(&eve, "/organisations", &format!("accept={id}")).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "an invitation is accepted once");
    // The last owner stays; others leave.
    let stays = hall.post(&ada, &place, "do=leave").await;
    assert_eq!(stays.status, StatusCode::CONFLICT, "the last owner leaves");
    assert!(stays.body.contains("make another member an owner first"), "{}", stays.body);
    let account = hall.post(&ada, "/account/delete", "sure=delete").await;
    assert_eq!(account.status, StatusCode::CONFLICT, "the last owner deletes her account");
    well_formed::check(&account.body).unwrap();
    assert!(account.body.contains("You are the last owner of “Plum &#38; Legal”"), "{}", account.body);
    assert_eq!(hall.post(&eve, &place, "do=leave").await.header(header::LOCATION), "/organisations", "Eve leaves");
    assert_eq!(hall.get(&eve, &format!("{place}/watchlist")).await.status, StatusCode::NOT_FOUND, "Eve has left");
    let page = hall.get(&ada, &place).await;
    for said in [
        "ada@example.org invited eve@example.org",
        "eve@example.org joined as reader, invited by ada@example.org",
        "eve@example.org left",
    ] {
        assert!(page.body.contains(said), "{said} is not in {}", page.body);
    }
    let export = hall.post(&ada, &format!("{place}/export"), "").await;
    let all: serde_json::Value = serde_json::from_str(&export.body).unwrap();
    assert_eq!(
        (all["watches"].as_array().unwrap().len(), all["organisation"]["members"].as_array().unwrap().len()),
        (1, 2),
        "watches and members in the export"
    );
    assert!(!export.body.contains("192.0.2.1"), "from where others came is theirs to know");
    let unsure = hall.post(&ada, &format!("{place}/delete"), "").await;
    assert_eq!(unsure.status, StatusCode::BAD_REQUEST, "deleted without being sure");
    let deleted = hall.post(&ada, &format!("{place}/delete"), "sure=delete").await;
    assert_eq!(deleted.header(header::LOCATION), "/organisations", "Ada deletes it");
    assert_eq!(hall.get(&bob, &format!("{place}/watchlist")).await.status, StatusCode::NOT_FOUND, "it is gone for Bob");
}

#[tokio::test]
async fn who_was_away_proves_who_they_are_before_an_organisation_changes_hands() {
    let company = company().await;
    let (hall, of) = (&company.hall, company.of);
    hall.clock.fetch_add(16 * 60 * 1000, std::sync::atomic::Ordering::Relaxed);
    let (owner, place) = (company.asks("owner"), format!("/organisations/{of}"));
    let reader = company.who["reader"].1;
    let before = company.state().await;
    for (path, form) in [
        (format!("{place}/members"), format!("member={reader}&role=owner")),
        (format!("{place}/invitations"), "address=new@example.org&role=owner".to_string()),
        (format!("{place}/export"), String::new()),
        (format!("{place}/delete"), "sure=delete".to_string()),
    ] {
        for given in ["", "&proof=copper+lantern"] {
            let refused = hall.post(&owner, &path, &format!("{form}{given}")).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
            well_formed::check(&refused.body).unwrap();
            assert!(refused.body.contains("name=\"proof\""), "{path}");
        }
    }
    assert_eq!(company.state().await, before);
    // What changes no hands is done, and so is the rest with the password.
    let editor = hall.post(&owner, &format!("{place}/members"), &format!("member={reader}&role=editor")).await;
    assert_eq!(editor.status, StatusCode::OK);
    let form = format!("member={reader}&role=owner&proof={}", encoded(crate::accounts::PASSWORD));
    assert_eq!(hall.post(&owner, &format!("{place}/members"), &form).await.status, StatusCode::OK);
    assert_eq!(hall.atlas.belonging(of, reader).await.unwrap().unwrap().role, Role::Owner);
}

#[tokio::test]
async fn programs_name_the_organisation_and_have_the_scope() {
    let company = company().await;
    let (hall, of) = (&company.hall, company.of);
    let token = async |name: &str, scopes: &[Scope]| {
        let visitor = hall.accounts.visitor(&company.who[name].0).await.unwrap().unwrap();
        Asks::program(&hall.accounts.add_token(&visitor, "t", scopes, 30, &here()).await.unwrap())
    };
    let (reads, writes) = (token("editor", &[Scope::Read]).await, token("editor", &[Scope::Write]).await);
    let list = hall.get(&reads, "/organisations").await;
    let all: serde_json::Value = serde_json::from_str(&list.body).unwrap();
    assert_eq!(all["organisations"][0]["watchlist"], format!("/organisations/{of}/watchlist.json"));
    let path = format!("/organisations/{of}/watchlist");
    let told = hall.get(&reads, &path).await;
    assert!(told.status == StatusCode::OK && told.body.contains(&format!("note {MARK}")));
    assert!(!hall.get(&reads, "/watchlist").await.body.contains(MARK), "nothing without naming it");
    let settings = format!("{path}/settings");
    assert_eq!(hall.post(&reads, &settings, "zone=Europe/Berlin").await.status, StatusCode::FORBIDDEN);
    assert_eq!(hall.get(&writes, &path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(hall.post(&writes, &settings, "zone=Europe/Berlin").await.status, StatusCode::SEE_OTHER);
    // A token is worth what its person is.
    let reader = token("reader", &Scope::ALL).await;
    assert_eq!(hall.post(&reader, &settings, "zone=Europe/Paris").await.status, StatusCode::FORBIDDEN);
    let stranger = token("stranger", &Scope::ALL).await;
    assert_eq!(hall.get(&stranger, &path).await.status, StatusCode::NOT_FOUND);
    // Who belongs to it is no business of programs.
    let owner = token("owner", &Scope::ALL).await;
    assert_eq!(hall.get(&owner, &format!("/organisations/{of}")).await.status, StatusCode::UNAUTHORIZED);
    let members = CHANGES.iter().filter(|(_, _, least)| *least == Role::Owner).map(|(path, form, _)| (*path, *form));
    for (what, status) in company.all_of(&owner, members.chain([DELETE, ("/organisations", "name=Mine")])).await {
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{what}");
    }
    hall.atlas.remove_member(of, company.who["editor"].1, 0).await.unwrap();
    assert_eq!(hall.get(&reads, &path).await.status, StatusCode::NOT_FOUND, "at once");
}

#[tokio::test]
async fn without_accounts_there_are_no_organisations() {
    let (site, _) = crate::watching::owned_site().await;
    for path in ["/organisations", "/organisations/1", "/organisations/1/watchlist", "/organisations/1/inbox"] {
        let answer = crate::watching::send(&site, &crate::watching::OWNER, axum::http::Method::GET, path, "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}
