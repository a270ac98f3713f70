//! Organisations as their members, and those who are not, meet them.
use accounts::organisations::MOST_OWNED;
use alerts::plans::Plans;
use atlas::accounts::{NewInvitation, Role};
use atlas::watching::PersonId;

use super::*;

const EVE: &str = "eve@example.org";
const NAME: &str = "Plum Legal";

impl Hall {
    /// An organisation that somebody founded.
    async fn organisation(&self, founder: &SignedIn) -> PersonId {
        self.accounts.found_organisation(&self.visitor(founder).await, NAME, &self.here()).await.unwrap()
    }

    async fn invite(&self, by: &SignedIn, to: PersonId, address: &str, role: Role) -> Result<(), AccountError> {
        self.accounts.invite(&self.visitor(by).await, to, address, role, &self.here()).await
    }

    /// Somebody with an account, who is made a member.
    async fn member(&self, owner: &SignedIn, of: PersonId, address: &str, role: Role) -> SignedIn {
        let member = self.person(address).await;
        self.invite(owner, of, address, role).await.unwrap();
        self.mail().await;
        let visitor = self.visitor(&member).await;
        let id = self.accounts.invitations(&visitor).await.unwrap()[0].id;
        assert_eq!(self.accounts.accept(&visitor, id, &self.here()).await.unwrap(), of);
        member
    }

    async fn role(&self, of: PersonId, person: &SignedIn) -> Option<Role> {
        self.stage.atlas.belonging(of, person.account.person).await.unwrap().map(|belonging| belonging.role)
    }

    /// The events in the log of somebody or of an organisation, the latest first.
    async fn events(&self, of: PersonId) -> Vec<String> {
        let entries = self.stage.atlas.audit(Some(of), 0, 99).await.unwrap();
        entries.into_iter().map(|entry| entry.event).collect()
    }
}

#[tokio::test]
async fn who_is_invited_joins_by_the_mailbox() {
    for hall in halls().await {
        let (accounts, here) = (&hall.accounts, hall.here());
        let ada = hall.person(ADA).await;
        let of = hall.organisation(&ada).await;
        // Nobody has the address yet: the link makes the account.
        hall.invite(&ada, of, "Bob@Example.org", Role::Editor).await.unwrap();
        let mail = hall.mail().await;
        assert_eq!(mail.header("Subject"), "You are invited to an organisation at Clausewatch");
        let words = plain(&mail).replace("=E2=80=9C", "“").replace("=E2=80=9D", "”").replace("\r\n", " ");
        assert!(words.contains("ada@example.org invites you") && words.contains(NAME), "{words}");
        let link = token(&mail);
        let shown = accounts.link(&link).await.unwrap();
        let invited = shown.invited.unwrap();
        assert_eq!((invited.role, invited.has_account, invited.by.as_deref()), (Role::Editor, false, Some(ADA)));
        let Followed::Joined(bob, joined) = accounts.follow(&link, Some(PASSWORD), None, &here).await.unwrap() else {
            panic!("not joined")
        };
        assert_eq!((joined, hall.role(of, &bob).await), (of, Some(Role::Editor)));
        accounts.sign_in(BOB, PASSWORD, None, &here).await.expect("an account like any other");
        assert!(matches!(accounts.link(&link).await, Err(AccountError::Link)), "it works once");
        // Who has an account signs in to it: the link alone lets nobody in.
        let eve = hall.person(EVE).await;
        hall.invite(&ada, of, EVE, Role::Reader).await.unwrap();
        let link = hall.link().await;
        assert!(accounts.link(&link).await.unwrap().invited.unwrap().has_account);
        let refused = accounts.follow(&link, Some(OTHER), None, &here).await;
        assert!(matches!(refused, Err(AccountError::Input(said)) if said.contains("sign in as eve@")));
        let visitor = hall.visitor(&eve).await;
        let id = accounts.invitations(&visitor).await.unwrap()[0].id;
        for other in [&ada, &bob] {
            let theirs = accounts.accept(&hall.visitor(other).await, id, &here).await;
            assert!(matches!(theirs, Err(AccountError::Invitation)), "it is for one address");
            assert!(accounts.decline(&hall.visitor(other).await, id, &here).await.is_err());
        }
        accounts.accept(&visitor, id, &here).await.unwrap();
        assert!(matches!(accounts.accept(&visitor, id, &here).await, Err(AccountError::Invitation)), "once");
        assert!(matches!(accounts.link(&link).await, Err(AccountError::Link)), "answered by the other way");
        let again = hall.invite(&ada, of, "EVE@example.org", Role::Reader).await;
        assert!(matches!(again, Err(AccountError::Input(said)) if said.contains("member already")));
        let events = hall.events(of).await;
        assert_eq!(events[..2], ["member-joined", "invitation-sent"]);
        assert_eq!(hall.events(eve.account.person).await[0], "organisation-joined");
    }
}

#[tokio::test]
async fn an_invitation_ends() {
    for hall in halls().await {
        let (accounts, here) = (&hall.accounts, hall.here());
        let ada = hall.person(ADA).await;
        let of = hall.organisation(&ada).await;
        let over = async |link: &str| {
            let seen = accounts.link(link).await;
            let used = accounts.follow(link, Some(PASSWORD), None, &hall.here()).await;
            matches!(seen, Err(AccountError::Link)) && matches!(used, Err(AccountError::Link))
        };
        // Withdrawn.
        hall.invite(&ada, of, BOB, Role::Reader).await.unwrap();
        let link = hall.link().await;
        let id = hall.stage.atlas.invited(of, hall.stage.now()).await.unwrap()[0].id;
        accounts.withdraw(&hall.visitor(&ada).await, of, id, &here).await.unwrap();
        assert!(over(&link).await);
        // In place of it another one.
        hall.invite(&ada, of, BOB, Role::Owner).await.unwrap();
        let first = hall.link().await;
        hall.invite(&ada, of, BOB, Role::Reader).await.unwrap();
        let second = hall.link().await;
        assert!(over(&first).await && accounts.link(&second).await.unwrap().invited.unwrap().role == Role::Reader);
        // Declined, without an account.
        accounts.decline_by_link(&second, &here).await.unwrap();
        assert!(over(&second).await && accounts.decline_by_link(&second, &here).await.is_err());
        assert_eq!(hall.events(of).await[0], "invitation-declined");
        // In time.
        hall.invite(&ada, of, BOB, Role::Reader).await.unwrap();
        let late = hall.link().await;
        hall.stage.pass(7 * common::DAY);
        assert!(over(&late).await);
        hall.post.sweep().await.unwrap();
        // With who invited: who was an owner does not come back by another address.
        let ada = accounts.sign_in(ADA, PASSWORD, None, &here).await.unwrap();
        let bob = hall.member(&ada, of, BOB, Role::Owner).await;
        for ends in 0..2 {
            accounts.set_role(&hall.visitor(&ada).await, of, bob.account.person, Role::Owner, &here).await.unwrap();
            hall.mails().await;
            hall.invite(&bob, of, EVE, Role::Owner).await.unwrap();
            let theirs = hall.link().await;
            let visitor = hall.visitor(&ada).await;
            match ends {
                0 => accounts.set_role(&visitor, of, bob.account.person, Role::Reader, &here).await.unwrap(),
                _ => accounts.remove_member(&visitor, of, bob.account.person, &here).await.unwrap(),
            }
            assert_eq!(hall.mail().await.to, [BOB], "he is told");
            assert!(over(&theirs).await, "{ends}");
        }
        // Nor by an invitation on its way while that happened.
        let (address, by) = (EVE, bob.account.person);
        let new =
            NewInvitation { organisation: of, address, key: address, role: Role::Owner, by, expires_ms: i64::MAX };
        assert_eq!(hall.stage.atlas.invite(&new, 0).await.unwrap(), None);
        // With the organisation; and a mail that waits is not sent.
        hall.invite(&ada, of, EVE, Role::Reader).await.unwrap();
        accounts.erase_organisation(&hall.visitor(&ada).await, of, &here).await.unwrap();
        assert_eq!(hall.mails().await.len(), 0);
    }
}

#[tokio::test]
async fn nobody_invites_without_end() {
    let hall = halls().await.remove(0);
    let ada = hall.person(ADA).await;
    let of = hall.organisation(&ada).await;
    let mut refused = 0;
    for at in 0..limits::INVITATIONS_BY.tries + 5 {
        hall.stage.pass(5 * MINUTE);
        let address = format!("p{at}@example.org");
        refused += i64::from(matches!(
            hall.invite(&ada, of, &address, Role::Reader).await,
            Err(AccountError::TooOften { .. })
        ));
    }
    assert_eq!(refused, 5);
    hall.mails().await;
    // One address is mailed as often as by all else, and who invites is told the same.
    hall.stage.pass(common::DAY);
    for _ in 0..limits::MAILS_TO.tries + 3 {
        hall.invite(&ada, of, BOB, Role::Reader).await.unwrap();
    }
    // Of those to one address the last one counts; mails of the earlier ones are over before they are sent.
    assert!(hall.mails().await.len() as i64 <= limits::MAILS_TO.tries);
    let visitor = hall.visitor(&ada).await;
    for _ in 1..MOST_OWNED {
        hall.accounts.found_organisation(&visitor, NAME, &hall.here()).await.unwrap();
    }
    assert!(matches!(
        hall.accounts.found_organisation(&visitor, NAME, &hall.here()).await,
        Err(AccountError::Input(said)) if said.contains("5 organisations")
    ));
}

/// What came of a deed: done, not allowed by the role, or no organisation of theirs.
fn verdict<T>(done: Result<T, AccountError>) -> &'static str {
    match done {
        Ok(_) => "done",
        Err(AccountError::Role(_)) => "role",
        Err(AccountError::NoOrganisation) => "none",
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn each_role_does_what_it_may() {
    for hall in halls().await {
        let (accounts, here) = (&hall.accounts, hall.here());
        let ada = hall.person(ADA).await;
        let of = hall.organisation(&ada).await;
        let reader = hall.member(&ada, of, "reader@example.org", Role::Reader).await;
        let editor = hall.member(&ada, of, "editor@example.org", Role::Editor).await;
        let other = hall.person("other@example.org").await;
        hall.organisation(&other).await;
        hall.invite(&ada, of, BOB, Role::Reader).await.unwrap();
        hall.mail().await;
        let invitation = hall.stage.atlas.invited(of, hall.stage.now()).await.unwrap()[0].id;
        for (who, expected) in [(&reader, "role"), (&editor, "role"), (&other, "none")] {
            let visitor = hall.visitor(who).await;
            let target = ada.account.person;
            assert_eq!(verdict(accounts.rename_organisation(&visitor, of, "X", &here).await), expected);
            assert_eq!(verdict(accounts.invite(&visitor, of, EVE, Role::Reader, &here).await), expected);
            assert_eq!(verdict(accounts.withdraw(&visitor, of, invitation, &here).await), expected);
            assert_eq!(verdict(accounts.set_role(&visitor, of, target, Role::Reader, &here).await), expected);
            assert_eq!(verdict(accounts.remove_member(&visitor, of, target, &here).await), expected);
            assert_eq!(verdict(accounts.export_organisation(&visitor, of, &here).await), expected);
            assert_eq!(verdict(accounts.erase_organisation(&visitor, of, &here).await), expected);
            // Nor do they make themselves more than they are.
            let own = who.account.person;
            assert_eq!(verdict(accounts.set_role(&visitor, of, own, Role::Owner, &here).await), expected);
        }
        assert_eq!(verdict(accounts.leave(&hall.visitor(&other).await, of, &here).await), "none");
        // A number that is a person's, or nobody's, is no organisation.
        for none in [ada.account.person, PersonId(1), PersonId(0), PersonId(-1), PersonId(i64::MAX)] {
            assert_eq!(verdict(accounts.belonging(ada.account.person, none, Role::Reader).await), "none");
        }
        let visitor = hall.visitor(&ada).await;
        for (role, may) in [(Role::Reader, [true, false, false]), (Role::Editor, [true, true, false])] {
            accounts.set_role(&visitor, of, reader.account.person, role, &here).await.unwrap();
            for (least, may) in [Role::Reader, Role::Editor, Role::Owner].into_iter().zip(may) {
                assert_eq!(
                    accounts.belonging(reader.account.person, of, least).await.is_ok(),
                    may,
                    "{role:?} {least:?}"
                );
            }
        }
        accounts.withdraw(&visitor, of, invitation, &here).await.unwrap();
        // An invitation of one organisation is not withdrawn by the owner of another.
        hall.invite(&ada, of, BOB, Role::Reader).await.unwrap();
        let invitation = hall.stage.atlas.invited(of, hall.stage.now()).await.unwrap()[0].id;
        let theirs = hall.stage.atlas.belongings(other.account.person).await.unwrap()[0].organisation;
        let crossed = accounts.withdraw(&hall.visitor(&other).await, theirs, invitation, &here).await;
        assert!(matches!(crossed, Err(AccountError::Invitation)));
        accounts.leave(&hall.visitor(&editor).await, of, &here).await.unwrap();
        assert_eq!(hall.role(of, &editor).await, None);
        accounts.remove_member(&visitor, of, reader.account.person, &here).await.unwrap();
        assert_eq!(hall.events(reader.account.person).await[0], "organisation-removed-from");
        let entry = hall.stage.atlas.audit(Some(reader.account.person), 0, 1).await.unwrap().remove(0);
        assert_eq!(entry.source, "an owner", "from where an owner did it is not told");
    }
}

#[tokio::test]
async fn there_is_always_an_owner() {
    for hall in halls().await {
        let (accounts, atlas, here) = (&hall.accounts, &hall.stage.atlas, hall.here());
        let ada = hall.person(ADA).await;
        let of = hall.organisation(&ada).await;
        let bob = hall.member(&ada, of, BOB, Role::Editor).await;
        let (visitor, own) = (hall.visitor(&ada).await, ada.account.person);
        assert!(matches!(accounts.leave(&visitor, of, &here).await, Err(AccountError::LastOwner)));
        assert!(matches!(accounts.remove_member(&visitor, of, own, &here).await, Err(AccountError::LastOwner)));
        let demoted = accounts.set_role(&visitor, of, own, Role::Reader, &here).await;
        assert!(matches!(demoted, Err(AccountError::LastOwner)));
        let Err(AccountError::Owns(names)) = accounts.erase(&visitor, &here).await else { panic!("erased") };
        assert_eq!(names, "“Plum Legal”");
        assert!(hall.is_in(&ada).await && hall.role(of, &ada).await == Some(Role::Owner), "nothing was done");
        // Two who demote each other, or leave, at the same moment.
        accounts.set_role(&visitor, of, bob.account.person, Role::Owner, &here).await.unwrap();
        let theirs = hall.visitor(&bob).await;
        let (a, b) = tokio::join!(
            accounts.set_role(&visitor, of, bob.account.person, Role::Reader, &here),
            accounts.set_role(&theirs, of, own, Role::Reader, &here)
        );
        assert!(a.is_ok() || b.is_ok());
        assert_eq!(atlas.owners(of).await.unwrap().len(), 1, "{}", hall.stage.engine);
        atlas.set_role(of, own, Role::Owner).await.unwrap();
        atlas.set_role(of, bob.account.person, Role::Owner).await.unwrap();
        let (a, b) = tokio::join!(accounts.leave(&visitor, of, &here), accounts.leave(&theirs, of, &here));
        assert!(a.is_ok() != b.is_ok());
        assert_eq!(atlas.members(of).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn an_owner_who_cannot_sign_in_is_none() {
    for hall in halls().await {
        let (accounts, here) = (&hall.accounts, hall.here());
        let ada = hall.person(ADA).await;
        let of = hall.organisation(&ada).await;
        let bob = hall.member(&ada, of, BOB, Role::Owner).await;
        accounts.disable(&bob.account, true, Hand::CommandLine).await.unwrap();
        assert!(matches!(accounts.leave(&hall.visitor(&ada).await, of, &here).await, Err(AccountError::LastOwner)));
        let eve = hall.member(&ada, of, EVE, Role::Reader).await;
        accounts.disable(&ada.account, true, Hand::CommandLine).await.unwrap();
        // Whoever operates the site makes another member the owner: one who can sign in.
        let closed = hall.stage.atlas.account(bob.account.person).await.unwrap().unwrap();
        assert!(matches!(accounts.hand_over(of, &closed, Hand::CommandLine).await, Err(AccountError::Input(_))));
        accounts.hand_over(of, &eve.account, Hand::CommandLine).await.unwrap();
        assert_eq!(hall.role(of, &eve).await, Some(Role::Owner));
        assert_eq!(hall.mail().await.to, [EVE], "she is told");
        let stranger = hall.person("x@example.org").await;
        assert!(matches!(
            accounts.hand_over(of, &stranger.account, Hand::CommandLine).await,
            Err(AccountError::NoOrganisation)
        ));
    }
}

#[tokio::test]
async fn what_is_watched_together_is_told_to_the_organisation() {
    for hall in halls().await {
        let (accounts, atlas, here) = (&hall.accounts, &hall.stage.atlas, hall.here());
        let ada = hall.person(ADA).await;
        let of = hall.organisation(&ada).await;
        let bob = hall.member(&ada, of, BOB, Role::Reader).await;
        hall.stage.watch(of, Subject::Platform("plum".into())).await;
        hall.stage.mail(of, "team@plum.example").await;
        let id = common::document(atlas, "Plum", "Terms").await;
        hall.stage.see(id, &common::terms(30, &[])).await;
        hall.stage.pass(common::HOUR);
        hall.stage.see(id, &common::terms(7, &[common::ARBITRATION])).await;
        hall.stage.tell().await;
        assert_eq!(hall.stage.inbox(of).await.len(), 1);
        for member in [&ada, &bob] {
            assert_eq!(hall.stage.inbox(member.account.person).await.len(), 0, "what is theirs stays theirs");
            assert_eq!(atlas.unread(of, member.account.person).await.unwrap(), 1);
        }
        // What was there before they joined is not new to who joins.
        hall.stage.pass(common::HOUR);
        let ada = accounts.sign_in(ADA, PASSWORD, None, &here).await.unwrap();
        let eve = hall.member(&ada, of, EVE, Role::Reader).await;
        assert_eq!(atlas.unread(of, eve.account.person).await.unwrap(), 0);
        accounts.leave(&hall.visitor(&eve).await, of, &here).await.unwrap();
        hall.stage.delivery(Some(&hall.smtp)).round().await.unwrap();
        let mail = hall.mail().await;
        assert_eq!(mail.to, ["team@plum.example"]);
        let foot = format!("Watchlist of Plum Legal: https://clausewatch.example/organisations/{of}/watchlist");
        assert!(plain(&mail).contains(&foot), "{}", plain(&mail));
        let visitor = hall.visitor(&ada).await;
        let export = accounts.export(&visitor, &here).await.unwrap();
        assert_eq!((export.organisations[0].name.as_str(), export.organisations[0].role), (NAME, Role::Owner));
        let kept = accounts.export_organisation(&visitor, of, &here).await.unwrap();
        assert_eq!((kept.members.len(), kept.invitations.len()), (2, 0));
        assert!(kept.audit.iter().all(|entry| entry.source.is_empty()), "from where others came is theirs to know");
        // Deleted, nothing of it stays, and the accounts do.
        accounts.erase_organisation(&visitor, of, &here).await.unwrap();
        left_of(&hall.stage, of.0).await;
        assert!(hall.is_in(&ada).await && hall.is_in(&bob).await);
        assert_eq!(hall.events(bob.account.person).await[0], "organisation-deleted");
    }
}

#[tokio::test]
async fn who_is_gone_is_mailed_no_more() {
    for hall in halls().await {
        let (accounts, atlas, here) = (&hall.accounts, &hall.stage.atlas, hall.here());
        let ada = hall.person(ADA).await;
        let of = hall.organisation(&ada).await;
        for (at, ends) in ["removed", "left", "deleted"].into_iter().enumerate() {
            let address = format!("bob{at}@example.org");
            let bob = hall.member(&ada, of, &address, Role::Editor).await;
            let channel = hall.stage.mail(of, &format!("Bob{at}@Example.org")).await;
            let waits = alerts::channels::test(atlas, of, channel.id, hall.stage.now()).await.unwrap();
            let (owner, visitor) = (hall.visitor(&ada).await, hall.visitor(&bob).await);
            match ends {
                "removed" => accounts.remove_member(&owner, of, bob.account.person, &here).await.unwrap(),
                "left" => accounts.leave(&visitor, of, &here).await.unwrap(),
                _ => accounts.erase(&visitor, &here).await.unwrap(),
            }
            assert!(atlas.channel(of, channel.id).await.unwrap().is_none(), "{ends}");
            let message = atlas.message(of, waits).await.unwrap().unwrap();
            assert_eq!(message.state, atlas::watching::MessageState::Dropped, "{ends}");
            let kept = format!("{:?}", atlas.channels(of).await.unwrap());
            assert!(!kept.to_lowercase().contains("bob"), "{ends}");
            hall.mails().await;
            // The same address can be added again.
            let again = hall.stage.mail(of, &format!("Bob{at}@Example.org")).await;
            assert_ne!(again.id, channel.id, "{ends}");
            atlas.remove_channel(of, again.id, 0).await.unwrap();
        }
    }
}

/// The subject and the words of the only mail that was sent, to whom it went.
async fn notice(hall: &Hall) -> (String, String, String) {
    let mail = hall.mail().await;
    let words = plain(&mail).replace("=E2=80=9C", "“").replace("=E2=80=9D", "”").replace("\r\n", " ");
    (mail.to.join(" "), mail.header("Subject").to_string(), words)
}

#[tokio::test]
async fn members_are_mailed_what_becomes_of_their_membership() {
    for hall in halls().await {
        let (accounts, here) = (&hall.accounts, hall.here());
        let ada = hall.person(ADA).await;
        let of = hall.organisation(&ada).await;
        let bob = hall.member(&ada, of, BOB, Role::Reader).await;
        let (visitor, member) = (hall.visitor(&ada).await, bob.account.person);
        accounts.set_role(&visitor, of, member, Role::Editor, &here).await.unwrap();
        let (to, subject, words) = notice(&hall).await;
        assert_eq!((to.as_str(), subject.as_str()), (BOB, "Your role in an organisation at Clausewatch is editor now"));
        for said in [
            "An owner gave you another role",
            "“Plum Legal”",
            "you are an editor of it",
            &format!("/organisations/{of}/watchlist"),
        ] {
            assert!(words.contains(said), "{said}: {words}");
        }
        // Nothing changed, or who changed it knows.
        accounts.set_role(&visitor, of, member, Role::Editor, &here).await.unwrap();
        accounts.set_role(&visitor, of, member, Role::Owner, &here).await.unwrap();
        hall.mail().await;
        let own = hall.visitor(&bob).await;
        accounts.set_role(&own, of, member, Role::Reader, &here).await.unwrap();
        assert!(hall.mails().await.is_empty());
        accounts.hand_over(of, &bob.account, Hand::CommandLine).await.unwrap();
        let (_, subject, words) = notice(&hall).await;
        assert!(subject.ends_with("is owner now") && words.contains("Whoever operates the site gave you"), "{words}");
        accounts.remove_member(&visitor, of, member, &here).await.unwrap();
        let (to, subject, words) = notice(&hall).await;
        assert_eq!(
            (to.as_str(), subject.as_str()),
            (BOB, "You are no member of an organisation at Clausewatch any more")
        );
        assert!(words.contains("An owner removed you from the organisation “Plum Legal”"), "{words}");
        assert!(!words.contains("/organisations/"), "what is closed to them is no link: {words}");
        // Who leaves knows it; who is a member of what is deleted is told.
        let eve = hall.member(&ada, of, EVE, Role::Reader).await;
        let carol = hall.member(&ada, of, "carol@example.org", Role::Reader).await;
        accounts.leave(&hall.visitor(&carol).await, of, &here).await.unwrap();
        assert!(hall.mails().await.is_empty());
        accounts.erase_organisation(&visitor, of, &here).await.unwrap();
        let (to, subject, words) = notice(&hall).await;
        assert_eq!((to.as_str(), subject.as_str()), (EVE, "An organisation at Clausewatch is deleted"));
        assert!(words.contains("“Plum Legal”") && hall.is_in(&eve).await, "{words}");
    }
}

#[tokio::test]
async fn who_changes_their_mind_floods_nobody() {
    let hall = halls().await.remove(0);
    let ada = hall.person(ADA).await;
    let of = hall.organisation(&ada).await;
    let bob = hall.member(&ada, of, BOB, Role::Reader).await;
    let visitor = hall.visitor(&ada).await;
    for role in [Role::Editor, Role::Reader].into_iter().cycle().take(12) {
        hall.accounts.set_role(&visitor, of, bob.account.person, role, &hall.here()).await.unwrap();
    }
    assert_eq!(hall.mails().await.len() as i64, limits::NOTICES_TO.tries);
    // Who is flooded no more can still have a link mailed.
    hall.accounts.mail_sign_in(BOB, &Wish::default(), &hall.here()).await.unwrap();
    assert_eq!(hall.mails().await.len(), 1);
}

#[tokio::test]
async fn a_deleted_person_is_gone_from_organisations() {
    for hall in halls().await {
        let (accounts, atlas, here) = (&hall.accounts, &hall.stage.atlas, hall.here());
        let ada = hall.person(ADA).await;
        let of = hall.organisation(&ada).await;
        let bob = hall.member(&ada, of, BOB, Role::Owner).await;
        let alone = hall.organisation(&bob).await;
        hall.invite(&bob, of, EVE, Role::Reader).await.unwrap();
        hall.mail().await;
        // They have left another one before.
        let first = hall.organisation(&ada).await;
        hall.invite(&ada, first, BOB, Role::Reader).await.unwrap();
        hall.mail().await;
        let visitor = hall.visitor(&bob).await;
        let id = accounts.invitations(&visitor).await.unwrap()[0].id;
        accounts.accept(&visitor, id, &here).await.unwrap();
        accounts.leave(&visitor, first, &here).await.unwrap();
        assert_eq!(atlas.audit(Some(first), 0, 1).await.unwrap()[0].detail, BOB);
        // Somebody else invites who is about to go, too.
        let carol = hall.person("carol@example.org").await;
        let elsewhere = hall.organisation(&carol).await;
        hall.invite(&carol, elsewhere, "BOB@example.org", Role::Reader).await.unwrap();
        hall.mail().await;
        accounts.erase(&hall.visitor(&bob).await, &here).await.unwrap();
        hall.mail().await;
        assert_eq!(hall.role(of, &bob).await, None);
        left_of(&hall.stage, bob.account.person.0).await;
        left_of(&hall.stage, alone.0).await;
        let now = hall.stage.now();
        assert!(
            atlas.invited(of, now).await.unwrap().is_empty() && atlas.invited(elsewhere, now).await.unwrap().is_empty()
        );
        for log in [of, elsewhere, first] {
            for entry in atlas.audit(Some(log), 0, 99).await.unwrap() {
                assert!(!entry.detail.to_lowercase().contains("bob@"), "{entry:?}");
                assert!(entry.by != Some(bob.account.person) || entry.source.is_empty(), "{entry:?}");
            }
        }
        let mut logged = atlas.audit(Some(of), 0, 99).await.unwrap();
        logged.retain(|entry| entry.member == Some(bob.account.person));
        assert_eq!(logged.len(), 1, "that somebody joined stays known, but not who");
    }
}

#[tokio::test]
async fn an_organisation_has_the_best_plan_of_its_owners() {
    for hall in halls().await {
        let (atlas, now) = (&hall.stage.atlas, hall.stage.now());
        let plans = Plans::read(include_str!("../../../../docs/plans.toml")).unwrap();
        let ada = hall.person(ADA).await;
        let of = hall.organisation(&ada).await;
        let bob = hall.member(&ada, of, BOB, Role::Editor).await;
        let plan = async || plans.of(atlas, of, now).await.unwrap().plan.unwrap().id;
        assert_eq!(plan().await, "free");
        let pays = async |who: &SignedIn, plan: &str| {
            let (id, person) = (format!("sub {plan}"), who.account.person);
            atlas.subscribed(&NewSubscription { id, person, plan: plan.into() }, now).await.unwrap();
        };
        pays(&bob, "compliance").await;
        assert_eq!(plan().await, "free", "that of an editor does not count");
        pays(&ada, "monitor").await;
        assert_eq!(plan().await, "monitor");
        atlas.set_role(of, bob.account.person, Role::Owner).await.unwrap();
        assert_eq!(plan().await, "compliance");
        // Weighed by itself, as a person's watchlist is.
        let free = Plans::read("[[plan]]\nid = \"free\"\nname = \"Free\"\nplatforms = 1").unwrap();
        let put = async |holder: PersonId, slug: &str| {
            let asks = NewWatch::on(Subject::Platform(slug.into()));
            alerts::plans::put_watch(atlas, &free, holder, &asks, now).await.is_ok()
        };
        assert!(put(ada.account.person, "plum").await && put(of, "pear").await);
        assert!(!put(of, "quince").await);
    }
}
