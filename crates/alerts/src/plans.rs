//! Plans: what a person may watch, said in the instance's configuration (a TOML file) and decided in one place, [`Entitlements::allow`].
//!
//! Without configuration everybody may do everything, and so may always the owner, who runs the instance.
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use archive::instant::DAY_MS;
use atlas::plans::Trial;
use atlas::watching::{Cadence, NewWatch, PersonId, Subject, Watch, WatchId};
use atlas::{Atlas, AtlasError};
use serde::{Deserialize, Serialize};

/// Most watches of a person who is not the owner of the instance, whatever their plan.
pub const MOST_WATCHES: usize = 500;

/// How soon a plan tells, the soonest last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Soonest {
    /// In a weekly digest.
    Week,
    /// In a daily digest.
    Day,
    /// As it happens.
    #[default]
    AtOnce,
}

impl Soonest {
    fn of(cadence: Cadence) -> Soonest {
        match cadence {
            Cadence::AtOnce => Soonest::AtOnce,
            Cadence::Day { .. } => Soonest::Day,
            Cadence::Week { .. } => Soonest::Week,
        }
    }

    /// In words: "as it happens".
    pub fn words(self) -> &'static str {
        match self {
            Soonest::Week => "in a weekly digest",
            Soonest::Day => "in a daily digest",
            Soonest::AtOnce => "as it happens",
        }
    }
}

/// What can be watched beside platforms and documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// Single provisions, through all their wordings.
    Provisions,
    /// Clause types and categories on every platform.
    ClauseTypes,
    /// Everything that a regulation may bear on.
    Regulations,
    /// Whatever a search finds.
    Searches,
}

impl Feature {
    /// All of them.
    pub const ALL: [Feature; 4] = [Feature::Provisions, Feature::ClauseTypes, Feature::Regulations, Feature::Searches];

    /// What it takes to watch a subject; none for platforms and documents, which every plan watches.
    fn needed(subject: &Subject) -> Option<Feature> {
        match subject {
            Subject::Platform(_) | Subject::Document(_) => None,
            Subject::ClauseType(_) | Subject::Category(_) => Some(Feature::ClauseTypes),
            Subject::Regulation(_) => Some(Feature::Regulations),
            Subject::Search(_) => Some(Feature::Searches),
            Subject::Provision(_) => Some(Feature::Provisions),
        }
    }

    /// In words, after "watch".
    pub fn words(self) -> &'static str {
        match self {
            Feature::Provisions => "single provisions",
            Feature::ClauseTypes => "clause types on every platform",
            Feature::Regulations => "regulations",
            Feature::Searches => "searches",
        }
    }
}

/// A plan, as the configuration says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Its ID: lower-case letters, digits and hyphens.
    pub id: String,
    /// Its name.
    pub name: String,
    /// For whom it is, in a sentence.
    #[serde(default)]
    pub about: String,
    /// What it costs, in words.
    #[serde(default)]
    pub price: String,
    /// How many platforms may be watched; any number if it is not said.
    pub platforms: Option<usize>,
    /// How soon changes are told.
    #[serde(default)]
    pub soonest: Soonest,
    /// What can be watched beside platforms and documents.
    #[serde(default)]
    pub features: BTreeSet<Feature>,
    /// The price (`price_…`) under which it is sold through Stripe; not sold without.
    #[serde(default, skip_serializing)]
    pub stripe_price: Option<String>,
    /// For how many days it can be tried, once; none if it cannot.
    pub trial_days: Option<u32>,
}

/// Why a configuration of plans cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlansError {
    /// Not the TOML that is expected.
    #[error("the plans cannot be read: {0}")]
    Format(#[from] toml::de::Error),
    /// What it says makes no sense.
    #[error("the plans make no sense: {0}")]
    Sense(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "plan")]
    plans: Vec<Plan>,
}

/// How much a plan is in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanUse {
    /// The plan.
    pub plan: Plan,
    /// Persons with accounts who have it now, for nothing, to try it, or because they pay for it.
    pub persons: i64,
    /// How many of them try it.
    pub trials: i64,
    /// Subscriptions to it that run.
    pub subscriptions: i64,
}

/// The plans of an instance; none: everything is allowed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plans(Vec<Plan>);

impl Plans {
    /// Reads a configuration: tables `[[plan]]`, the first of which everybody begins with.
    pub fn read(text: &str) -> Result<Plans, PlansError> {
        let File { plans } = toml::from_str(text)?;
        let wrong = |what: String| Err(PlansError::Sense(what));
        let Some(first) = plans.first() else { return wrong("there is no [[plan]]".into()) };
        if first.trial_days.is_some() {
            return wrong(format!("{:?} is the plan that everybody begins with, and cannot be tried", first.id));
        }
        let mut ids = BTreeSet::new();
        for plan in &plans {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if plan.id.is_empty() || !plan.id.chars().all(plain) {
                return wrong(format!("the ID {:?} is not made of lower-case letters, digits and hyphens", plan.id));
            }
            if !ids.insert(&plan.id) {
                return wrong(format!("there are two plans {:?}", plan.id));
            }
        }
        Ok(Plans(plans))
    }

    /// The plans, in their order.
    pub fn all(&self) -> &[Plan] {
        &self.0
    }

    /// A plan by its ID.
    pub fn get(&self, id: &str) -> Option<&Plan> {
        self.0.iter().find(|plan| plan.id == id)
    }

    /// What a person may do now, or the members of an organisation in its watchlist: as much as with the best plan of its owners, the later
    /// of two plans being the better.
    pub async fn of(&self, atlas: &Atlas, holder: PersonId, now_ms: i64) -> Result<Entitlements, AtlasError> {
        if self.0.is_empty() {
            return Ok(Entitlements::everything());
        }
        let mut best: Option<(usize, Entitlements)> = None;
        for owner in atlas.owners(holder).await? {
            let entitled = self.of_person(atlas, owner, now_ms).await?;
            let rank = entitled.plan.as_ref().and_then(|plan| self.0.iter().position(|known| known.id == plan.id));
            let rank = rank.unwrap_or(usize::MAX);
            if best.as_ref().is_none_or(|(least, _)| rank > *least) {
                best = Some((rank, entitled));
            }
        }
        match best {
            Some((_, entitled)) => Ok(Entitlements { of_organisation: true, ..entitled }),
            None => self.of_person(atlas, holder, now_ms).await,
        }
    }

    async fn of_person(&self, atlas: &Atlas, person: PersonId, now_ms: i64) -> Result<Entitlements, AtlasError> {
        let Some(first) = self.0.first() else { return Ok(Entitlements::everything()) };
        if person == PersonId::OWNER {
            return Ok(Entitlements::everything());
        }
        let (trials, paid) = (atlas.trials(person).await?, atlas.paid_plan(person).await?);
        let pays = paid.is_some();
        let (plan, trial_until_ms) = self.chosen(first, trials.last.as_ref(), paid.as_ref(), now_ms);
        let (plan, tried) = (Some(plan.clone()), trials.tried);
        Ok(Entitlements { plan, trial_until_ms, pays, of_organisation: false, tried })
    }

    /// The plan of a person by their last trial and what they pay for (a plan, since when), and when it ends if it is a trial.
    fn chosen<'p>(
        &'p self,
        first: &'p Plan,
        last: Option<&Trial>,
        paid: Option<&(String, i64)>,
        now_ms: i64,
    ) -> (&'p Plan, Option<i64>) {
        // What somebody began to pay for later takes the place of a trial; a trial takes the place of a greater plan at no time.
        let holds =
            |trial: &&Trial| now_ms < trial.until_ms && paid.is_none_or(|(_, since_ms)| trial.since_ms > *since_ms);
        let trial = last.filter(holds).and_then(|trial| Some((self.get(&trial.plan)?, trial.until_ms)));
        // A plan that the configuration does not know any more is the first one.
        let without_trial = paid.and_then(|(id, _)| self.get(id)).unwrap_or(first);
        match trial {
            Some((plan, until_ms)) if self.is_greater(&plan.id, &without_trial.id) => (plan, Some(until_ms)),
            _ => (without_trial, None),
        }
    }

    /// Whether a plan is greater than another: it stands later in the configuration.
    pub fn is_greater(&self, id: &str, than: &str) -> bool {
        let rank = |id: &str| self.0.iter().position(|plan| plan.id == id);
        rank(id) > rank(than)
    }

    /// How much each plan is in use, in their order; nothing where there are no plans.
    pub async fn in_use(&self, atlas: &Atlas, now_ms: i64) -> Result<Vec<PlanUse>, AtlasError> {
        let Some(first) = self.0.first() else { return Ok(Vec::new()) };
        let in_use = atlas.plans_in_use(now_ms).await?;
        let all = self.0.iter().map(|plan| PlanUse { plan: plan.clone(), persons: 0, trials: 0, subscriptions: 0 });
        let mut uses: Vec<PlanUse> = all.collect();
        let mut paid = BTreeMap::new();
        for (person, id, since_ms) in in_use.paid {
            if let Some(of) = uses.iter_mut().find(|of| of.plan.id == id) {
                of.subscriptions += 1;
            }
            paid.insert(person, (id, since_ms));
        }
        let persons: BTreeSet<PersonId> = paid.keys().chain(in_use.trials.keys()).copied().collect();
        let mut others = in_use.accounts;
        for person in persons {
            let (plan, until_ms) = self.chosen(first, in_use.trials.get(&person), paid.get(&person), now_ms);
            if let Some(of) = uses.iter_mut().find(|of| of.plan.id == plan.id) {
                of.persons += 1;
                of.trials += i64::from(until_ms.is_some());
                others -= 1;
            }
        }
        uses[0].persons += others;
        Ok(uses)
    }

    /// Begins the trial of a plan; the reason if that is not possible.
    pub async fn try_out(&self, atlas: &Atlas, person: PersonId, id: &str, now_ms: i64) -> Result<(), Refused> {
        let plan = self.get(id).ok_or_else(|| Refused::NoTrial(format!("there is no plan {id:?}")))?;
        let Some(days) = plan.trial_days else {
            return Err(Refused::NoTrial(format!("the plan {} cannot be tried", plan.name)));
        };
        let now = self.of(atlas, person, now_ms).await?;
        let Some(own) = now.plan else { return Err(Refused::NoTrial("everything is allowed to you already".into())) };
        if own.id == id {
            return Err(Refused::NoTrial(format!("the plan {} is yours", plan.name)));
        }
        if !self.is_greater(id, &own.id) {
            let (own, plan) = (&own.name, &plan.name);
            return Err(Refused::NoTrial(format!(
                "your plan {own} is the greater one; to try {plan} would give you nothing"
            )));
        }
        let trial = Trial { plan: id.to_owned(), since_ms: now_ms, until_ms: now_ms + i64::from(days) * DAY_MS };
        match atlas.begin_trial(person, &trial).await? {
            true => Ok(()),
            false => Err(Refused::NoTrial(format!("you have tried the plan {} before", plan.name))),
        }
    }
}

/// What a person may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlements {
    /// The plan that says it; none: everything.
    pub plan: Option<Plan>,
    /// When the trial ends, if it is one.
    pub trial_until_ms: Option<i64>,
    /// Whether the person pays for a plan, be it this one or, during a trial, another.
    pub pays: bool,
    /// Whether it is the members of an organisation who may do it, in its watchlist.
    pub of_organisation: bool,
    /// Plans that were tried.
    tried: Vec<String>,
}

/// Why something is not done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The plan does not allow it; the text says which limit.
    #[error("{0}; /plans shows the others")]
    Limit(String),
    /// The watchlist has as many watches as one may have.
    #[error("one watchlist may have {MOST_WATCHES} watches here; end one first")]
    Full,
    /// A trial cannot begin.
    #[error("{0}")]
    NoTrial(String),
    /// The store failed, or something that is named is not there.
    #[error(transparent)]
    Store(#[from] AtlasError),
}

impl Entitlements {
    /// What the owner may do, and everybody where no plans are configured.
    pub fn everything() -> Entitlements {
        Entitlements { plan: None, trial_until_ms: None, pays: false, of_organisation: false, tried: Vec::new() }
    }

    /// Whether a plan was tried.
    pub fn has_tried(&self, id: &str) -> bool {
        self.tried.iter().any(|tried| tried == id)
    }

    /// Whether a watch is allowed beside those on these platforms; the only place where that is decided. `platform` is the one that
    /// the watch is on, if it is on one.
    pub fn allow(&self, asks: &NewWatch, platforms: &BTreeSet<String>, platform: Option<&str>) -> Result<(), Refused> {
        let Some(plan) = &self.plan else { return Ok(()) };
        let limit = |what: String| Err(Refused::Limit(format!("the plan {} {what}", plan.name)));
        if let Some(feature) = Feature::needed(&asks.subject).filter(|feature| !plan.features.contains(feature)) {
            return limit(format!("does not watch {}", feature.words()));
        }
        if Soonest::of(asks.cadence) > plan.soonest {
            return limit(format!("tells {} at the soonest", plan.soonest.words()));
        }
        let adds = platform.is_some_and(|platform| !platforms.contains(platform));
        match plan.platforms {
            Some(most) if adds && platforms.len() >= most => {
                let watches = if self.of_organisation { "the organisation watches" } else { "you watch" };
                limit(format!("watches {}, and {watches} {}", counted(most), platforms.len()))
            }
            _ => Ok(()),
        }
    }

    /// A watch as one click makes it: as soon as the plan tells.
    pub fn one_click(&self, subject: Subject) -> NewWatch {
        let asks = NewWatch::on(subject);
        let cadence = match self.plan.as_ref().map_or(Soonest::AtOnce, |plan| plan.soonest) {
            Soonest::AtOnce => Cadence::AtOnce,
            Soonest::Day => Cadence::Day { hour: 8 },
            Soonest::Week => Cadence::Week { weekday: atlas::watching::Weekday::Monday, hour: 8 },
        };
        NewWatch { cadence, ..asks }
    }
}

fn counted(platforms: usize) -> String {
    if platforms == 1 { "1 platform".into() } else { format!("{platforms} platforms") }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let platforms = self.platforms.map_or_else(|| "any number of platforms".into(), counted);
        write!(f, "{}: {platforms}, told {}", self.name, self.soonest.words())?;
        self.features.iter().try_for_each(|feature| write!(f, ", {}", feature.words()))
    }
}

/// The platforms of watches, by their slugs: those of watched documents and provisions too.
async fn platforms_of(atlas: &Atlas, watches: &[Watch]) -> Result<BTreeSet<String>, AtlasError> {
    let mut platforms = BTreeSet::new();
    for watch in watches {
        platforms.extend(platform_of(atlas, &watch.asks.subject).await?);
    }
    Ok(platforms)
}

async fn platform_of(atlas: &Atlas, subject: &Subject) -> Result<Option<String>, AtlasError> {
    Ok(match subject {
        Subject::Platform(slug) => Some(slug.clone()),
        Subject::Document(id) => atlas.document(*id).await?.map(|document| document.platform.slug),
        Subject::Provision(id) => atlas.provision(*id).await?.map(|provision| provision.platform),
        Subject::ClauseType(_) | Subject::Category(_) | Subject::Regulation(_) | Subject::Search(_) => None,
    })
}

/// Whether a person who is not the owner of the instance may make or change a watch, beside the watches with the numbers that are given back.
/// Their platforms are read only where those are limited.
async fn weigh(
    atlas: &Atlas,
    entitled: &Entitlements,
    person: PersonId,
    asks: &NewWatch,
) -> Result<Vec<WatchId>, Refused> {
    let mut others = atlas.watches(person).await?;
    let weighed = others.iter().map(|watch| watch.id).collect();
    let before = others.len();
    others.retain(|watch| watch.asks.subject != asks.subject);
    if others.len() == before && before >= MOST_WATCHES {
        return Err(Refused::Full);
    }
    let (platforms, platform) = match entitled.plan.as_ref().and_then(|plan| plan.platforms) {
        Some(_) => (platforms_of(atlas, &others).await?, platform_of(atlas, &asks.subject).await?),
        None => (BTreeSet::new(), None),
    };
    entitled.allow(asks, &platforms, platform.as_deref())?;
    Ok(weighed)
}

/// Why a person's plan does not allow to watch a subject with one click, if it does not: told before anybody tries.
pub async fn limit(
    atlas: &Atlas,
    plans: &Plans,
    person: PersonId,
    subject: &Subject,
    now_ms: i64,
) -> Result<Option<String>, AtlasError> {
    let entitled = plans.of(atlas, person, now_ms).await?;
    if entitled.plan.is_none() || person == PersonId::OWNER {
        return Ok(None);
    }
    match weigh(atlas, &entitled, person, &entitled.one_click(subject.clone())).await {
        Err(Refused::Limit(why)) => Ok(Some(why)),
        Err(Refused::Store(error)) => Err(error),
        Ok(_) | Err(Refused::Full | Refused::NoTrial(_)) => Ok(None),
    }
}

/// Makes or changes a watch, if the person may: the door through which the site does that.
pub async fn put_watch(
    atlas: &Atlas,
    plans: &Plans,
    person: PersonId,
    asks: &NewWatch,
    now_ms: i64,
) -> Result<Watch, Refused> {
    let entitled = plans.of(atlas, person, now_ms).await?;
    put_entitled(atlas, &entitled, person, asks, now_ms).await
}

/// The same for who asks for several: what they are entitled to is known.
pub(crate) async fn put_entitled(
    atlas: &Atlas,
    entitled: &Entitlements,
    person: PersonId,
    asks: &NewWatch,
    now_ms: i64,
) -> Result<Watch, Refused> {
    if person == PersonId::OWNER {
        return Ok(atlas.put_watch(person, asks, now_ms).await?);
    }
    loop {
        let weighed = weigh(atlas, entitled, person, asks).await?;
        // If not, somebody else changed the watchlist in the meantime, and it is weighed anew.
        if let Some(watch) = atlas.put_watch_beside(person, asks, &weighed, now_ms).await? {
            return Ok(watch);
        }
    }
}

/// What a person uses of what their plan allows, in a sentence; none where nothing is limited.
pub async fn used(atlas: &Atlas, entitled: &Entitlements, person: PersonId) -> Result<Option<String>, AtlasError> {
    let Some(plan) = &entitled.plan else { return Ok(None) };
    let platforms = match plan.platforms {
        Some(most) => {
            let watched = platforms_of(atlas, &atlas.watches(person).await?).await?;
            format!("{} of {}", watched.len(), counted(most))
        }
        None => "any number of platforms".into(),
    };
    let (name, told) = (&plan.name, plan.soonest.words());
    Ok(Some(match entitled.of_organisation {
        true => format!(
            "With the plan {name}, the best of its owners, the organisation watches {platforms}, told {told} at the soonest."
        ),
        false => format!("With the plan {name} you watch {platforms}, told {told} at the soonest."),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use atlas::watching::Weekday;

    fn example() -> Plans {
        Plans::read(include_str!("../../../docs/plans.toml")).unwrap()
    }

    fn entitled(id: &str) -> Entitlements {
        Entitlements { plan: example().get(id).cloned(), ..Entitlements::everything() }
    }

    #[test]
    fn the_example_has_three_plans_that_grow() {
        let plans = example();
        let ids: Vec<&str> = plans.all().iter().map(|plan| plan.id.as_str()).collect();
        assert_eq!(ids, ["free", "monitor", "compliance"]);
        assert_eq!(plans.all()[0].to_string(), "Free: 1 platform, told in a weekly digest");
        assert!(plans.all()[2].features.len() > plans.all()[1].features.len());
        assert_eq!(plans.get("monitor").unwrap().trial_days, Some(14));
    }

    #[test]
    fn each_limit_is_named_with_the_way_out() {
        let watched = |slugs: &[&str]| slugs.iter().map(ToString::to_string).collect::<BTreeSet<String>>();
        let on = |slug: &str| Subject::Platform(slug.into());
        let weekly = |subject| NewWatch {
            cadence: Cadence::Week { weekday: Weekday::Monday, hour: 8 },
            ..NewWatch::on(subject)
        };
        let free = entitled("free");
        assert!(free.allow(&weekly(on("plum")), &watched(&[]), Some("plum")).is_ok());
        assert!(free.allow(&weekly(on("plum")), &watched(&["plum"]), Some("plum")).is_ok(), "it is watched already");
        let told = |refused: Result<(), Refused>| refused.unwrap_err().to_string();
        let second = told(free.allow(&weekly(on("pear")), &watched(&["plum"]), Some("pear")));
        assert_eq!(second, "the plan Free watches 1 platform, and you watch 1; /plans shows the others");
        let soon = told(free.allow(&NewWatch::on(on("plum")), &watched(&[]), Some("plum")));
        assert!(soon.contains("in a weekly digest at the soonest"), "{soon}");
        let clause_type = weekly(Subject::ClauseType("arbitration".into()));
        assert!(told(free.allow(&clause_type, &watched(&[]), None)).contains("does not watch clause types"));
        assert!(entitled("compliance").allow(&clause_type, &watched(&[]), None).is_ok());
        assert!(
            Entitlements::everything().allow(&NewWatch::on(on("plum")), &watched(&["a", "b"]), Some("plum")).is_ok()
        );
        let click = free.one_click(on("plum"));
        assert!(free.allow(&click, &watched(&[]), Some("plum")).is_ok(), "one click never asks for too much");
    }

    #[test]
    fn a_configuration_without_sense_is_refused() {
        let plan = |id: &str, more: &str| format!("[[plan]]\nid = {id:?}\nname = \"A\"\n{more}\n");
        for (text, expected) in [
            (String::new(), "missing field"),
            ("plan = []".into(), "no [[plan]]"),
            (plan("A b", ""), "lower-case"),
            (plan("a", "") + &plan("a", ""), "two plans"),
            (plan("a", "trial_days = 3"), "cannot be tried"),
            (plan("a", "features = [\"flying\"]"), "flying"),
            (plan("a", "quota = 3"), "quota"),
        ] {
            let error = Plans::read(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
