//! Textual signals that raise or lower a provision's severity: "without notice", "you may opt out", "each party".
//!
//! A signal is found by phrase rules (see [`crate::phrases`]) or by numbers ([`Signal::ShortPeriod`], [`Signal::LongPeriod`],
//! [`Signal::LowCap`]: see [`crate::facts`]). What a signal means for a clause type, and in which words it is told, is said in the
//! taxonomy. A signal is claimed only where the words state it: a clause that is silent about an opt-out has no signal for that.
use std::cell::RefCell;
use std::sync::LazyLock;

use crate::phrases::RuleSet;

/// Declares the signals with the names that the taxonomy uses for them.
macro_rules! signals {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal,)*) => {
        /// Something that the words of a clause say and that moves its severity.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Signal {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Signal {
            /// All signals.
            pub const ALL: &[Signal] = &[$(Signal::$variant,)*];

            /// The name in the taxonomy.
            pub fn name(self) -> &'static str {
                match self {
                    $(Signal::$variant => $name,)*
                }
            }
        }
    };
}

signals! {
    /// The person can refuse, leave or switch off.
    OptOut = "opt-out",
    /// It says that there is no way to refuse.
    NoOptOut = "no-opt-out",
    /// The person's consent (or a parent's) is needed.
    ConsentRequired = "consent-required",
    /// The provider's permission lifts a ban.
    Permission = "permission",
    /// Exceptions are made.
    CarveOut = "carve-out",
    /// Limited to what the law allows.
    ToExtentPermitted = "to-extent-permitted",
    /// Mandatory rights of consumers stay.
    ConsumerRightsPreserved = "consumer-rights-preserved",
    /// One side alone decides.
    SoleDiscretion = "sole-discretion",
    /// No reason is needed.
    AnyReason = "any-reason",
    /// Notice is promised.
    Notice = "notice",
    /// There is no notice.
    NoNotice = "no-notice",
    /// A short time, for a clause of this type.
    ShortPeriod = "short-period",
    /// A long time, for a clause of this type.
    LongPeriod = "long-period",
    /// Liability is denied.
    WithoutLiability = "without-liability",
    /// Loss of every kind is excluded.
    AllLoss = "all-loss",
    /// Grave fault, injury or death are covered.
    GrossNegligence = "gross-negligence",
    /// Liability for grave fault stays.
    GraveFaultKept = "grave-fault-kept",
    /// A token amount.
    LowCap = "low-cap",
    /// Nothing is paid in return.
    WithoutCompensation = "without-compensation",
    /// Money is paid back.
    Refund = "refund",
    /// Money is not paid back.
    NoRefund = "no-refund",
    /// Fees, costs or charges.
    Fees = "fees",
    /// Lawyers' fees.
    LegalFees = "legal-fees",
    /// Both sides alike.
    Mutual = "mutual",
    /// Everyone is bound, or benefits.
    AllUsers = "all-users",
    /// Business customers only.
    BusinessOnly = "business-only",
    /// Children are concerned.
    Children = "children",
    /// Sensitive data is concerned.
    SensitiveData = "sensitive-data",
    /// A precise position.
    PreciseLocation = "precise-location",
    /// For advertising or marketing.
    ForAdvertising = "for-advertising",
    /// It reaches, or benefits, others.
    ThirdParties = "third-parties",
    /// No more than the service needs.
    OnlyToProvideService = "only-to-provide-service",
    /// Any purpose.
    AnyPurpose = "any-purpose",
    /// Any model, not only competing ones.
    AnyModel = "any-model",
    /// Similar products, not only competing ones.
    SimilarProducts = "similar-products",
    /// No end in time is set.
    Indefinite = "indefinite",
    /// It goes on after deletion or closing.
    AfterDeletion = "after-deletion",
    /// A licence without end.
    Perpetual = "perpetual",
    /// It cannot be taken back.
    Irrevocable = "irrevocable",
    /// It can be passed on by licence.
    Sublicensable = "sublicensable",
    /// It can be transferred.
    Transferable = "transferable",
    /// In every country.
    Worldwide = "worldwide",
    /// Free of charge.
    RoyaltyFree = "royalty-free",
    /// Identity is removed.
    Anonymised = "anonymised",
    /// Named safeguards.
    Safeguards = "safeguards",
    /// A person looks at it.
    HumanReview = "human-review",
    /// One named place for courts or arbitration.
    ForeignForum = "foreign-forum",
    /// A trial or preview.
    Trial = "trial",
    /// Privacy signals of the browser are ignored.
    IgnoresSignals = "ignores-signals",
    /// Privacy signals of the browser are acted on.
    HonoursSignals = "honours-signals",
}

impl Signal {
    /// The signal that the taxonomy calls `name`.
    pub fn parse(name: &str) -> Option<Signal> {
        Signal::ALL.iter().copied().find(|signal| signal.name() == name)
    }
}

/// A set of signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signals(u64);

impl Signals {
    /// Whether `signal` is in the set.
    pub fn has(self, signal: Signal) -> bool {
        self.0 >> signal as u64 & 1 == 1
    }

    /// Adds `signal`.
    pub fn add(&mut self, signal: Signal) {
        self.0 |= 1 << signal as u64;
    }

    fn remove(&mut self, signal: Signal) {
        self.0 &= !(1 << signal as u64);
    }

    /// All that are in the set, in the order of [`Signal::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::ALL.iter().copied().filter(move |&signal| self.has(signal))
    }
}

/// The signals that the words of `text` state, numbers aside.
pub fn in_text(text: &str) -> Signals {
    thread_local! {
        static LATEST: RefCell<Latest> = RefCell::default();
    }
    LATEST.with_borrow_mut(|latest| latest.signals(text))
}

/// Texts that were read last, in turn: what is found in a clause is looked for in the same words, under the same headings.
#[derive(Debug, Default)]
struct Latest {
    texts: [(String, Signals); 4],
    oldest: usize,
}

/// Longer texts in bytes are read again.
const LONGEST_KEPT: usize = 8192;

impl Latest {
    fn signals(&mut self, text: &str) -> Signals {
        if let Some(&(_, known)) = self.texts.iter().find(|(known, _)| known == text) {
            return known;
        }
        let found = read(text);
        if text.len() <= LONGEST_KEPT {
            let (kept, signals) = &mut self.texts[self.oldest];
            kept.clear();
            kept.push_str(text);
            *signals = found;
            self.oldest = (self.oldest + 1) % self.texts.len();
        }
        found
    }
}

fn read(text: &str) -> Signals {
    static SET: LazyLock<RuleSet> =
        LazyLock::new(|| RuleSet::compile(RULES.iter().map(|(_, line)| *line).chain(DENIALS.iter().map(|(_, l)| *l))));
    let mut found = Signals::default();
    let hits = SET.find_in(text);
    for rule in hits.iter().take_while(|&rule| rule < RULES.len()) {
        found.add(RULES[rule].0);
    }
    for rule in hits.iter().skip_while(|&rule| rule < RULES.len()) {
        found.remove(DENIALS[rule - RULES.len()].0);
    }
    found
}

/// What states a signal. Each line is a rule of [`crate::phrases`]; the words after `!` take it back within the sentence.
const RULES: &[(Signal, &str)] = {
    use Signal::*;
    &[
        (
            OptOut,
            "opt out|opting out|opts out|opted out|unsubscribe|unsubscribing ! not opt out|cannot opt out|\
             no opt out|unable to opt out|no way to opt out|no option to opt out|not able to opt out|\
             no right to opt out|not possible to opt out",
        ),
        (
            OptOut,
            "withdraw your consent|withdraw consent|revoke your consent|right to object|object to|you may object|\
             you can object ! no right to object|may not withdraw|cannot withdraw|may not object|cannot object",
        ),
        (
            OptOut,
            "you can|you may|users can|users may|able to|allow you to|allows you to > turn off|switch off|disable|\
             deactivate|block|refuse|decline|reject|limit|restrict|adjust|stop receiving|\
             choose not to ! not disable|may refuse to|service may be|may not be able",
        ),
        (OptOut, "settings|preferences > turn off|disable|control|manage|limit|change|opt ! cannot|can not|no setting"),
        (OptOut, "stop receiving"),
        (
            OptOut,
            "you can|you may|users can|customers can|customer can|able to > switch|turn > off ! not be able|cannot|can not",
        ),
        (OptOut, "can say no|may say no|saying no|switched off in|turned off in ! cannot say no"),
        (OptOut, "only if you|if you|unless you > leave|keep > switched on|turned on|enabled"),
        (
            NoOptOut,
            "cannot|can not|may not|unable to|not able to|no way to|not possible to|no option to|no right to|\
             do not have the right to > opt out|refuse|unsubscribe|turn off|be turned off|disable|be disabled|\
             be switched off|decline|withdraw|object ! opt in|without your consent",
        ),
        (
            NoOptOut,
            "no opt out|no choice|no separate choice|without the possibility of opting out|no other way to refuse",
        ),
        (
            ConsentRequired,
            "with|upon|after|on the basis of|subject to|if we have|obtain|obtaining|obtained|request|requests|\
             requesting|ask for|asks for|asking for|seek|require|requires > your consent|your prior consent|\
             your explicit consent|your express consent|your permission|your prior written consent|your approval|\
             your written consent|your opt in|your authorization|your agreement ! without your",
        ),
        (
            ConsentRequired,
            "if you consent|if you agree to|if you allow|if you give us permission|where you have consented|\
             when you consent|unless you consent|only if you agree|you have consented|you choose to provide|\
             if you choose to|if you opt in|opt in|you have given us permission|you grant us permission|\
             you give permission|when you give ! by using|without your",
        ),
        (
            ConsentRequired,
            "not|never|no|neither|nor & without your consent|without your prior consent|\
             without your express consent|without your explicit consent|without your permission|\
             without your prior written consent|without your knowledge or consent|without your written consent|\
             without consent|without the consent of the other|without the other party|\
             without the prior written consent of the other ! we may assign|we may transfer|even without",
        ),
        (
            ConsentRequired,
            "parental consent|parent s consent|parents consent|consent of a parent|consent from a parent|\
             consent of your parent|permission of a parent|parent or guardian > consent*|permission|agree*|\
             approv*|supervis* ! without parental|without verifiable parental|without the consent of a parent",
        ),
        (ConsentRequired, "parent* > must|to > agree|accept|consent"),
        (
            Permission,
            "without our|without the prior|without prior|without express|without the express|without written|\
             without obtaining|without first obtaining|without the written|without specific|without a license|\
             without explicit|without having obtained > consent|permission|authorization|authorisation|approval|\
             license|agreement ! your consent|your prior",
        ),
        (
            Permission,
            "unless|except|only|expressly|explicitly|otherwise|with > permitted by us|authorized by us|\
             authorised by us|permission|written consent|written authorization|written approval|written agreement|\
             we authorize|we have authorized|we expressly|we permit|we have agreed|we allow|our consent|\
             our prior consent|our written|our approval|our prior written|agreed in writing|authorized in writing",
        ),
        (Permission, "contact us|request > license|licence|permission"),
        (CarveOut, "not apply to|not apply where|not apply if|not apply when|not apply in"),
        (CarveOut, "small claims & may|can|instead|right|option|bring|not apply|except"),
        (
            ToExtentPermitted,
            "extent permitted|extent permissible|extent allowed|extent not prohibited|extent legally|\
             extent that applicable law|extent that the law|as permitted by|permitted by applicable law|\
             permitted by law|permitted under|allowed by law|unless prohibited by|where permitted by|\
             except where prohibited|to the extent prohibited|except as prohibited",
        ),
        (
            ConsumerRightsPreserved,
            "mandatory|statutory|consumer protection|consumer & right*|law*|provision*|protection* & not affect*|\
             not limit|not exclude|not deprive*|in addition|retain|remain*|prevail*|not prejudice|nothing|\
             without prejudice|not waive*|entitled|benefit from|benefit of|protected ! waive any|waive all|\
             you waive",
        ),
        (
            ConsumerRightsPreserved,
            "some jurisdictions|some states|some countries|certain jurisdictions|certain states|your jurisdiction|\
             your country|some places|state laws > not allow|not permit|may not apply|prohibit*|do not apply|\
             different|additional rights|other rights",
        ),
        (
            ConsumerRightsPreserved,
            "cannot|can not|may not|must not > be excluded|be limited|be waived|be disclaimed|be restricted|\
             lawfully be|legally be|be modified by|be varied by",
        ),
        (
            ConsumerRightsPreserved,
            "country of residence|habitual residence|where you live|home country|where you reside|\
             country in which you live|country you live > law*|protection*|court*|right* ! regardless|\
             irrespective|even if",
        ),
        (
            ConsumerRightsPreserved,
            "if you are a consumer|as a consumer|for consumers|consumers who|consumers in|\
             consumers resident > court*|right*|law*|protect*",
        ),
        (
            SoleDiscretion,
            "our sole|its sole|our absolute|its absolute|our own|its own|our|its|sole and absolute|in the sole|\
             at the sole|company s|company s sole|the discretion of|absolute > discretion|judgment|judgement|\
             opinion|determination ! your sole discretion|your discretion|your own discretion|\
             reasonable discretion",
        ),
        (
            SoleDiscretion,
            "as we see fit|as it sees fit|we deem|we consider appropriate|we solely determine|our option|\
             we determine in|our view|solely determined by us",
        ),
        (
            AnyReason,
            "any reason|no reason|any or no reason|for convenience|without cause|without reason|\
             without giving any reason|without giving a reason|without stating|without any reason|\
             with or without cause",
        ),
        (
            Notice,
            "we will|we shall|we ll|we may|we also|we try to|we endeavor to|company will|company shall|\
             will endeavor to|will attempt to|will use reasonable efforts to|agree to|you will > notify you|\
             notify users|notify customer|notify our users|inform you|inform users|let you know|tell you|\
             alert you|give you notice|give notice|give you prior|give you advance|give you reasonable|\
             provide notice|provide you with notice|provide you notice|provide you with reasonable|\
             provide you with advance|provide advance|provide prior|provide reasonable|send you|email you|\
             e mail you|contact you|be notified|be informed|receive notice|warn you|post a notice ! not notify|\
             no notice|without notice|may not notify|not obligated to|no obligation to notify|\
             not required to notify|unable to notify",
        ),
        (
            Notice,
            "on|with|upon|giving|giving you|gives|give|after|provide|provides|providing|subject to|by|\
             at least > prior notice|prior written notice|advance notice|reasonable notice|\
             reasonable prior notice|reasonable advance notice|advance written notice|days notice|\
             days prior notice|days written notice|days prior written notice|days advance notice|days in advance|\
             day notice|month s notice|months notice|months written notice ! without prior|without any|\
             without advance|with or without|your written notice|you must|you shall|you give|you provide|\
             without notice|by you|notifying us|customer must|customer shall|by giving us|by providing us",
        ),
        (
            Notice,
            "you will|users will|customers will > be notified|be informed|be given notice|receive a notice|\
             receive notice|receive an email ! not be notified",
        ),
        (
            NoNotice,
            "without notice|without prior notice|without any notice|without any prior notice|\
             without further notice|without advance notice|without notifying|without giving notice|\
             without giving you notice|without prior written notice|without informing|no notice|no prior notice|\
             no advance notice|without additional notice|with or without notice|with or without prior notice|\
             without notice to you|without prior notification|without notification|without warning|\
             without prior warning ! not without notice|unless we",
        ),
        (
            NoNotice,
            "not|no > obligated to notify|required to notify|obligation to notify|obliged to notify|\
             duty to notify|obligated to provide notice|required to provide notice|obligation to provide notice|\
             obliged to inform ! we will notify you|we will provide notice",
        ),
        (NoNotice, "we may not|we might not > notify you|tell you|inform you|be able to notify"),
        (
            WithoutLiability,
            "without liability|without any liability|without incurring|no liability|not be liable|not liable|\
             not be held liable|not responsible|not be responsible|no responsibility|not be held responsible|\
             not accept any liability|not accept liability|not assume any liability|not accept any responsibility|\
             not accept responsibility|not assume responsibility|not assume any responsibility|\
             disclaim all liability|disclaims all liability|disclaim any liability|disclaims any liability|\
             disclaims any responsibility|excludes all liability|exclude all liability|not bear any|\
             not undertake any liability ! you will not be liable|\
             you are not liable|you will not be responsible|you are not responsible|not limit our liability|\
             not exclude our",
        ),
        (
            WithoutLiability,
            "neither|nor|in no event|under no circumstances|never > be liable|be responsible|liability|\
             liable ! you be liable",
        ),
        (
            AllLoss,
            "any loss|any losses|any damage|any damages|all damages|all loss|all losses|any and all|any liability|\
             all liability|any kind|whatsoever|of any nature > whatsoever|of any kind|of any nature|of any sort|\
             howsoever|damage of any|arising from your use|any character ! warrant*",
        ),
        (
            GrossNegligence,
            "gross negligence|grossly negligent|gross misconduct|willful misconduct|wilful misconduct|\
             intentional misconduct|death|personal injury|bodily injury|wrongful death|willful acts ! nothing in|\
             except|other than|not exclude|not limit|excluding liability|save for|unless|does not apply|\
             do not apply|shall not apply|not apply|you indemnify|your gross",
        ),
        (
            GraveFaultKept,
            "nothing in|not exclude|not limit|except|does not apply|do not apply|not apply|unlimited|fully liable|\
             remain liable|remains liable|without limitation|unrestricted & fraud*|death|gross negligence|\
             personal injury|willful|wilful|intent|intentional*|intentionally",
        ),
        (
            WithoutCompensation,
            "without compensation|without any compensation|no compensation|without payment|without any payment|\
             not be entitled to any compensation|not be entitled to compensation|without remuneration|\
             without any remuneration|no obligation to pay|without paying|no payment|without further compensation|\
             not receive any compensation|without consideration|not be compensated|no remuneration|\
             without further consideration|without reimbursement ! except|unless",
        ),
        (
            WithoutCompensation,
            "not|no|without > compensat*|remunerat*|royalt* & you|user|users ! non exclusive|compensatory",
        ),
        (
            Refund,
            "refund|refunds|refunded|reimburse|reimbursed|money back|prorated|pro rata ! non refundable|\
             nonrefundable|no refund*|not refund*|not be refunded|without refund|not entitled to a refund|\
             not entitled to any refund|not be entitled to|no right to|not provide refund*|not offer refund*|\
             not receive a refund|not receive any refund|not eligible for|without any refund|not issue refund*|\
             no prorated|no pro rata|nor any obligation|no obligation|not obligated",
        ),
        (
            NoRefund,
            "non refundable|nonrefundable|no refund|no refunds|not refund|not refundable|not be refunded|\
             without refund|without any refund|no right to a refund|not provide refunds|not offer refunds|\
             not receive a refund|not receive any refund|not issue refunds|not provide any refund|\
             not eligible for a refund|not be eligible for a refund|no prorated|no pro rata|\
             not be entitled to a refund|not be entitled to any refund|not entitled to a refund|\
             not entitled to any refund|not give refunds",
        ),
        (
            Fees,
            "fee|fees|cost|costs|charge|charges|charged|expenses|surcharge* ! no fee|no fees|free of charge|\
             without charge|no charge|at no cost|no cost|not charge|not be charged|without cost|no additional charge|\
             cost effective|in charge",
        ),
        (
            LegalFees,
            "attorneys fees|attorney s fees|attorney fees|legal fees|legal costs|lawyers fees|lawyer s fees|\
             counsel fees|fees of counsel|legal expenses|attorneys and|attorneys",
        ),
        (
            Mutual,
            "each party|either party|both parties|neither party|the parties each|each of the parties|\
             other party s|mutual|mutually|you and we both|both you and|each of us|either of us|neither of us|\
             you and we each|either you or|we or you|you or we|neither you nor ! mutually agreed|mutual agreement|\
             mutually agree|mutually acceptable|mutually convenient|unless both parties",
        ),
        (
            AllUsers,
            "all users|every user|each user|any user|anyone who|everyone who|everyone|all visitors|all persons|\
             any person who|all customers|all individuals|all our users|regardless of where you|\
             regardless of your location|no matter where you live|whoever ! not all users|other users",
        ),
        (
            BusinessOnly,
            "business customers|business users|business customer|if you are a business|not a consumer|\
             not consumers|enterprise customers|commercial customers|professional users|\
             if you are acting in the course of|business purposes only|business to business|\
             if you are not a consumer|organizational customers|for businesses",
        ),
        (
            Children,
            "children|child|minor|minors|teen|teens|teenagers|teenager|under the age of|\
             adolescent* ! not knowingly|not direct*|not intend*|not target*|not collect*|not permit*|not allow*|\
             not design*|must be|not use|exploit*|abuse|sexual*|harm*|minor change*|parental|not sell|\
             child s parent|must not|no child|prohibited|may not be used by|not for",
        ),
        (
            SensitiveData,
            "sensitive|health|medical|biometric*|religio*|political|sexual orientation|sex life|ethnic*|racial|\
             genetic|government issued|passport|driver s license|social security|financial account|\
             trade union ! not collect|not process|not request|not include|never|not ask|not provide|avoid|\
             refrain|do not send|not share|not submit|not disclose|not use|not upload|not sell|safety and health|\
             health and safety",
        ),
        (
            PreciseLocation,
            "precise location|precise geolocation|precise geographic|exact location|gps|precise position|\
             specific location|precise information about the location|precise device location ! not collect|\
             do not|not precise|non precise|never|imprecise|rather than",
        ),
        (
            ForAdvertising,
            "advertis*|ads|marketing|promotional purposes|remarketing|retargeting ! not use|not for advertising|\
             never|not share|not sell|not be used for|no advertis*|not include|not display|not advertis*|\
             not serve|without advertis*|not engage|other than advertis*",
        ),
        (
            ThirdParties,
            "share*|sharing|disclos*|provid*|sell|sells|selling|transfer*|send|sent|transmit*|made available|\
             make available|pass|passed|access*|released|forward* > with third part*|to third part*|\
             with our partners|with partners|to our partners|with other companies|to others|with others|\
             by third part*|to partners|with our business partners|to advertisers|with advertisers|\
             with our advertising|to other companies|with selected|with trusted|with our trusted|\
             with certain third part* ! not share|not disclose|not sell|never|not transfer|not provide|\
             no third part*|not pass",
        ),
        (
            ThirdParties,
            "third party cookies|third parties may set|third parties may place|third parties may collect|\
             third parties may use|third parties may also|set by third|placed by third|partners may set|\
             partners may place|partners may use|partners may collect|third parties to set|third parties to place|\
             third parties to collect|third party advertising cookies|third party terms|terms of third part*|\
             third parties terms|third party vendors may|third party services may|third party marketing|\
             from our partners|offers from third part*|on behalf of third part*|third party auditor*|\
             independent auditor*",
        ),
        (
            ThirdParties,
            "allow|permit|assist|enable|help|encourage|cause|authorize|facilitate > third part*|anyone|others|\
             any other person|someone else|any person",
        ),
        (
            ThirdParties,
            "successors|licensees|assigns|sublicensees|third parties & waive*|benefit|use|exercise & moral rights|\
             droit moral",
        ),
        (
            OnlyToProvideService,
            "solely|only|strictly|exclusively > to provide|to operate|to perform|to deliver|to enable|\
             to improve the service|to process your|for the purpose of|for the purposes of|as necessary to|\
             for providing|to the extent necessary|as needed|necessary for|to the extent needed|to fulfill|\
             to help us|on our behalf|to make|to display|in connection with providing|to verify|for verification|\
             to respond to ! not only|not limited to|not solely|only be used for advertising|marketing",
        ),
        (
            OnlyToProvideService,
            "necessary|required|needed > to provide|to operate|to perform|to deliver|to enable|to run|\
             for the operation|for the functioning|to function|to fulfill|for the performance|\
             to comply ! not necessary|not required|not limited to",
        ),
        (
            OnlyToProvideService,
            "not > for any other purpose|for any purpose other than|for other purposes|for their own purposes|\
             for its own purposes|other than to provide|other than as necessary",
        ),
        (
            OnlyToProvideService,
            "limited to > provid*|operat*|perform*|what is necessary|that which is ! not limited to|including but",
        ),
        (
            OnlyToProvideService,
            "on our behalf|our instructions|your instructions|customer s instructions|acting on behalf|\
             documented instructions",
        ),
        (
            AnyPurpose,
            "any purpose|any purposes|any lawful purpose|any other purpose|any and all purposes|\
             any business purpose|any legal purpose|other purposes|without restriction|\
             without limitation of purpose|any manner|our own purposes|our business purposes|\
             for their own purposes|their own business purposes|commercial or otherwise|for any use|any way we|\
             unrestricted|other business purposes|other legitimate purposes ! not use|any purpose other than|\
             not be used|may not|must not|shall not|will not|not for any|any illegal|any unlawful|any purpose not|\
             not share|not sell|prohibited|not intended|no other purpose|any purpose that is",
        ),
        (
            AnyModel,
            "any other|any ai|any artificial|any machine|any large language|any foundation|any model*|other ai|\
             other large language|any generative|any artificial intelligence > model*|system*|technolog*|network*|\
             algorithm* ! compet*",
        ),
        (
            SimilarProducts,
            "similar|substantially similar|replicate|same functions|same features|look and feel|features functions",
        ),
        (
            Indefinite,
            "indefinitely|indefinite|forever|no time limit|without time limit|unlimited period|unlimited time|\
             no expiry|does not expire|permanently|without limit in time|no fixed period|for an unlimited|\
             in perpetuity ! permanently delet*|permanently remov*|permanently eras*|\
             not be kept|not keep|not retain|not stored|not indefinite*|not permanently",
        ),
        (
            AfterDeletion,
            "after you delete|after deletion|after the deletion|after your account|after closing|after closure|after termination|\
             even after|after you close|after account|following termination|following deletion|following the deletion|\
             even if you delete|once you delete|after cancellation|following the closure|after you terminate & retain*|\
             keep|kept|store*|preserve*|remain*|continue*|archive*|maintain*|hold ! not retain|not keep",
        ),
        (
            Perpetual,
            "perpetual|perpetually|perpetuity|forever|for as long as copyright|duration of copyright|\
             duration of the copyright|duration of the intellectual|full term of|unlimited in time|\
             unlimited duration|without time limit|without limit in time|no time limit ! not perpetual|\
             non perpetual",
        ),
        (
            Irrevocable,
            "irrevocable|irrevocably|cannot be revoked|can not be revoked|may not be revoked|cannot be withdrawn|\
             non revocable|irreversible|irreversibly|cannot be undone|can not be undone ! not irrevocable",
        ),
        (
            Sublicensable,
            "sublicensable|sublicenseable|sub licensable|sub licenseable|sublicensing|sub licensing|\
             right to sublicense|sublicense|sub license|sublicence ! non sublicens*|not sublicens*|non sub|\
             not sub|cannot sublicens*|may not|must not|shall not|nonsublicens*|no right to|without right|not to|\
             agree not",
        ),
        (
            Transferable,
            "transferable|assignable ! non transferable|nontransferable|not transferable|non assignable|\
             not assignable|non exclusive non",
        ),
        (
            Worldwide,
            "worldwide|world wide|throughout the world|throughout the universe|any country|any other country|\
             anywhere in the world|around the world|globally|all countries|universe",
        ),
        (RoyaltyFree, "royalty free|free of charge|fully paid|fully paid up|without charge|no charge"),
        (
            Anonymised,
            // Not the nouns: "protects data through anonymization" says nothing about the data of this clause.
            "anonymized|anonymised|anonymous*|de identified|deidentified|aggregate|aggregated|pseudonymized|\
             pseudonymised|pseudonymous|hashed|masked|truncated|cannot identify|not identify you|not personally identify|no longer identif* ! not anonymous|\
             not anonymiz*|not anonymis*",
        ),
        (
            Safeguards,
            "standard contractual clauses|model clauses|adequacy decision*|adequate level|binding corporate rules|\
             data privacy framework|privacy shield|contractual clauses|encrypt*|iso 0|soc 0|pci dss|pci|tls|ssl|\
             two factor|multi factor|appropriate safeguards|not to re identify|not re identify|not reidentify|\
             not attempt to",
        ),
        (
            Safeguards,
            "contract*|agreement*|oblig*|require*|bound & confidential*|safeguard*|same level of protection|equivalent protection|adequate protection ! not require*|not oblig*",
        ),
        (
            HumanReview,
            "human review|manual review|human intervention|reviewed by a human|reviewed by a person|by a human|\
             appeal|appeals|appealed|human oversight|human being|human judgment|qualified professional|\
             request a review|request review|human moderators|contest ! no appeal|not appeal|right to appeal is waived|\
             right to appeal are waived|waive any right to appeal|waive your right to appeal|waive the right to appeal|\
             cannot appeal|without human",
        ),
        (
            ForeignForum,
            "exclusive jurisdiction|courts of|courts located in|courts in|court located in|courts sitting in|\
             federal courts|state courts|seat of|seat shall be|place of arbitration|seated in|held in|\
             take place in|conducted in|venue for|exclusive venue|competent courts of|submit to the jurisdiction|\
             competent court in ! country of residence|where you live|where you reside|county of your|your home|\
             your county|any court of|competent jurisdiction where|county where|your billing address|\
             mutually agree*|not exclusive|non exclusive|at your|country in which you|place of residence|consumer s residence|consumer s domicile|where the consumer",
        ),
        (
            Trial,
            "trial|beta|preview|previews|evaluation|early access|experimental|alpha ! bench trial|jury trial|\
             trial by|a trial before|trial court*|right to a trial|trials by",
        ),
        (
            IgnoresSignals,
            "not respond|not currently respond|not honor|not honour|not recognize|not recognise|not support|\
             not take action|not change|not act|not react|no action|not process|ignore*|not alter|not responsive|\
             not currently recognize|not currently support|not currently take & track|dnt|signal*|gpc|do not track",
        ),
        (
            HonoursSignals,
            "honor|honors|honour|honours|recognize|recognizes|recognise|respond to|responds to|treat|treats|\
             process|processes|respect|respects|support|supports > global privacy control|gpc|opt out preference|\
             signal*|do not track|dnt ! not honor|not honour|not recognize|not recognise|not respond|\
             not currently|not process|not support|not treat|no response|not respect|not take|not yet",
        ),
    ]
};

/// What takes a signal back for the whole passage: the words say the opposite.
const DENIALS: &[(Signal, &str)] = {
    use Signal::*;
    &[
        (
            NoNotice,
            "we will not|we shall not|we do not|we never|company will not|company shall not|neither party may|\
             neither party shall|cannot|not be > without notice|without prior notice|without notifying|\
             without giving notice|without informing|without prior written notice ! liable|liability|responsible|\
             we may|at any time|reserve",
        ),
        (
            AnyReason,
            "not > for convenience|any reason ! not limited|liable|at any time|may terminate|or no reason|\
             may suspend",
        ),
        (
            SoleDiscretion,
            "not > in our sole discretion|at our sole discretion ! may|reserve*|will not be|not obligated",
        ),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taxonomy::taxonomy;

    #[test]
    fn every_signal_of_the_taxonomy_is_known_and_every_signal_is_used() {
        let mut used = Signals::default();
        for kind in taxonomy().types() {
            for adjustment in kind.raises.iter().chain(&kind.lowers) {
                let signal = Signal::parse(&adjustment.when);
                assert!(signal.is_some(), "{}: no signal is called {}", kind.id, adjustment.when);
                used.add(signal.expect("checked"));
            }
        }
        let unused: Vec<&str> = Signal::ALL.iter().filter(|s| !used.has(**s)).map(|s| s.name()).collect();
        assert_eq!(unused, [] as [&str; 0]);
    }

    /// For each signal, invented sentences that state it and others that do not.
    const SENTENCES: &[(Signal, &[&str], &[&str])] = {
        use Signal::*;
        &[
            (
                OptOut,
                &[
                    "You may opt out within 30 days.",
                    "Arbitration applies unless you opt out.",
                    "You can turn off this feature in your account.",
                    "You can switch it off in Settings.",
                    "You can say no at any time.",
                    "We use it, but only if you leave \"Help Plum\" switched on.",
                ],
                &["You cannot opt out of these messages.", "There is no opt-out.", "We may disable your account."],
            ),
            (
                NoOptOut,
                &["You cannot opt out of service messages.", "It is not possible to refuse this use."],
                &["You can opt out at any time.", "You may not share your password."],
            ),
            (
                ConsentRequired,
                &["We will only do so with your consent.", "We will never sell data without your consent."],
                &["We may do so without your consent.", "By using the app you consent to this."],
            ),
            (
                Permission,
                &[
                    "You may not copy it without our prior written consent.",
                    "No bots, unless expressly authorized by us.",
                ],
                &["We may share it without your consent.", "You may not copy the site."],
            ),
            (
                CarveOut,
                &[
                    "This does not apply to claims in small claims court.",
                    "Neither rule shall extend to gifts; it does not apply where the law says so.",
                ],
                &["This applies to all claims, including without limitation tort.", "You agree without exception."],
            ),
            (
                ToExtentPermitted,
                &[
                    "To the fullest extent permitted by law, we are not liable.",
                    "Except where prohibited, you waive it.",
                ],
                &["You are permitted to use the app.", "The law applies to a large extent."],
            ),
            (
                ConsumerRightsPreserved,
                &[
                    "This does not affect your statutory rights.",
                    "Some jurisdictions do not allow the exclusion of warranties.",
                ],
                &["You waive any statutory rights.", "You have the right to use the app."],
            ),
            (
                SoleDiscretion,
                &["We may refuse at our sole discretion.", "We may remove posts as we see fit."],
                &["You may post at your sole discretion.", "Use discretion when you post."],
            ),
            (
                AnyReason,
                &["We may close your account for any reason.", "Either side may end it without cause."],
                &["We may close your account for breach.", "We will not terminate for convenience."],
            ),
            (
                Notice,
                &["We will notify you of changes.", "We may end it upon 30 days' prior notice."],
                &["We may end it without notice.", "You must give us 30 days notice."],
            ),
            (
                NoNotice,
                &["We may change it without notice.", "We may end it at any time, with or without notice."],
                &["We will not end it without notice.", "We will end it with notice to you."],
            ),
            (
                WithoutLiability,
                &["We may do so without liability to you.", "In no event will we be liable."],
                &["You will not be liable for stolen cards.", "We are liable for our faults."],
            ),
            (
                AllLoss,
                &["We exclude any damages whatsoever.", "We are not liable for any loss of any kind."],
                &[
                    "We are not liable for lost profits.",
                    "We warrant nothing of any kind to any buyer and disclaim warranties whatsoever.",
                ],
            ),
            (
                GrossNegligence,
                &["You release us even for gross negligence.", "We are not liable for death or personal injury."],
                &[
                    "Nothing in these terms excludes liability for death.",
                    "We are liable only for negligence, except gross negligence.",
                ],
            ),
            (
                GraveFaultKept,
                &["Nothing in these terms limits liability for fraud.", "The cap does not apply to gross negligence."],
                &["We are not responsible for your losses.", "You release us from claims."],
            ),
            (
                WithoutCompensation,
                &["We may use it without compensation to you.", "You will not be entitled to any compensation."],
                &["We pay you for each photo.", "You grant a non-exclusive licence."],
            ),
            (
                Refund,
                &["We will refund the unused part.", "You get your money back."],
                &["Fees are non-refundable.", "We do not refund payments."],
            ),
            (
                NoRefund,
                &["All fees are non-refundable.", "You will not receive a refund."],
                &["You may ask for a refund.", "We refund unused time."],
            ),
            (
                Fees,
                &["You bear the costs of arbitration.", "A fee applies to each request."],
                &["Access is free of charge.", "You will not be charged for leaving."],
            ),
            (
                LegalFees,
                &["This includes reasonable attorneys' fees.", "You pay our legal costs."],
                &["You pay the subscription fee.", "You indemnify us for losses."],
            ),
            (
                Mutual,
                &["Neither party may assign this agreement.", "Each party waives a jury."],
                &["You waive a jury.", "We will choose a mutually agreed place."],
            ),
            (
                AllUsers,
                &["This applies to all users.", "Anyone who visits is bound."],
                &["You are bound.", "Do not annoy other users."],
            ),
            (
                BusinessOnly,
                &["This applies to business customers.", "If you are a business, our cap applies."],
                &["We do business in Spain.", "You may use the app at home."],
            ),
            (
                Children,
                &["We collect data from children.", "This includes the profiles of teens."],
                &["The service is not directed to children.", "We do not knowingly collect data of children."],
            ),
            (
                SensitiveData,
                &["We process health data.", "This may include your religious beliefs."],
                &["We do not collect sensitive data.", "We keep your name."],
            ),
            (
                PreciseLocation,
                &["We collect your precise location.", "The app reads GPS data."],
                &["We do not collect precise location.", "We map addresses to a non-precise location."],
            ),
            (
                ForAdvertising,
                &["We use it for advertising.", "We send it to marketing partners."],
                &["We do not use it for advertising.", "We never show ads."],
            ),
            (
                ThirdParties,
                &["We share data with third parties.", "We disclose it to partners."],
                &["We do not share data with third parties.", "Third parties exist."],
            ),
            (
                OnlyToProvideService,
                &["We use it solely to provide the service.", "They may not use it for any other purpose."],
                &["We use it for many things, including but not limited to research.", "We may use it freely."],
            ),
            (
                AnyPurpose,
                &["We may use your content for any purpose.", "You allow use in any manner."],
                &["You may not use the app for any purpose that is unlawful.", "We use it for billing."],
            ),
            (
                AnyModel,
                &["You may not train any other AI model.", "You may not improve any large language model."],
                &["You may not train competing models.", "You may use the app."],
            ),
            (
                SimilarProducts,
                &["You may not build a similar product.", "You may not replicate the look and feel."],
                &["You may not build a competing product.", "You may build what you like."],
            ),
            (
                Indefinite,
                &["We keep it indefinitely.", "We store backups without time limit."],
                &["We do not keep it indefinitely.", "We permanently delete it."],
            ),
            (
                AfterDeletion,
                &["We retain copies after you delete your account.", "Data may remain after termination."],
                &["We delete all data.", "We do not retain data after you delete it."],
            ),
            (
                Perpetual,
                &["You grant a perpetual licence.", "The licence lasts for the duration of copyright."],
                &["You grant a non-perpetual licence.", "You grant a licence for one year."],
            ),
            (
                Irrevocable,
                &["You grant an irrevocable licence.", "The transfer cannot be undone."],
                &["You grant a revocable licence.", "You can take it back."],
            ),
            (
                Sublicensable,
                &["You grant a sublicensable licence.", "You grant us the right to sublicense."],
                &["You get a non-sublicensable licence.", "You may not sublicense the app."],
            ),
            (
                Transferable,
                &["You grant a transferable licence.", "The right is assignable."],
                &["You get a non-transferable licence.", "The right is yours."],
            ),
            (
                Worldwide,
                &["You grant a worldwide licence.", "It holds throughout the world."],
                &["You grant a licence for Spain.", "It holds here."],
            ),
            (
                RoyaltyFree,
                &["You grant a royalty-free licence.", "The licence is fully paid-up."],
                &["We pay royalties.", "You grant a licence."],
            ),
            (
                Anonymised,
                &["We share anonymized statistics.", "We use de-identified data."],
                &["The data is not anonymous.", "We protect personal data through anonymization."],
            ),
            (
                Safeguards,
                &["We rely on Standard Contractual Clauses.", "Data is encrypted at rest."],
                &["We protect our rights.", "We send data abroad."],
            ),
            (
                HumanReview,
                &["You may ask for human review.", "You can appeal the decision."],
                &["You cannot appeal.", "A machine decides."],
            ),
            (
                ForeignForum,
                &["The courts of Paris have exclusive jurisdiction.", "The arbitration will be held in Oslo."],
                &["You may sue in the courts of your country of residence.", "We follow the law."],
            ),
            (
                Trial,
                &["The beta is offered as is.", "During the trial we promise nothing."],
                &["You waive a jury trial.", "The service is offered as is."],
            ),
            (
                IgnoresSignals,
                &["We do not respond to Do Not Track signals.", "Our site does not recognize DNT."],
                &["We honor Global Privacy Control.", "We track usage."],
            ),
            (
                HonoursSignals,
                &["We honor Global Privacy Control.", "We treat opt-out preference signals as requests."],
                &["We do not respond to Do Not Track.", "We ignore signals."],
            ),
        ]
    };

    #[test]
    fn sentences_state_signals_or_do_not() {
        let mut wrong = Vec::new();
        for (signal, stating, others) in SENTENCES {
            assert!(stating.len() >= 2 && others.len() >= 2, "{}", signal.name());
            wrong.extend(
                stating.iter().filter(|text| !in_text(text).has(*signal)).map(|text| (signal.name(), "missed", *text)),
            );
            wrong.extend(
                others.iter().filter(|text| in_text(text).has(*signal)).map(|text| (signal.name(), "claimed", *text)),
            );
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        let numbers = [Signal::ShortPeriod, Signal::LongPeriod, Signal::LowCap];
        let tested =
            |signal: &Signal| numbers.contains(signal) || SENTENCES.iter().any(|(named, _, _)| named == signal);
        assert!(Signal::ALL.iter().all(tested), "a signal without sentences");
    }

    #[test]
    fn a_denial_elsewhere_in_the_passage_counts() {
        assert!(
            in_text("We may change fees. We may end it without notice. We will not be liable.").has(Signal::NoNotice)
        );
        assert!(!in_text("We will not change fees without prior notice.").has(Signal::NoNotice));
        assert_eq!(in_text(""), Signals::default());
    }
}
