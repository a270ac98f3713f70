//! What a clause lists: kinds of data, purposes, recipients, losses, banned conduct. Lists are told in one set of words, whatever the
//! clause calls them, so that two platforms can be compared at a glance.
use std::sync::LazyLock;

use crate::phrases::RuleSet;

/// Most things that are named in one fact.
const MOST: usize = 6;

/// A list of things that clauses name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lexicon {
    Personal,
    Device,
    Reach,
    Sensitive,
    Body,
    Payment,
    Origins,
    Purposes,
    Recipients,
    Conduct,
    Losses,
    Warranties,
    Countries,
    Safeguards,
    Rights,
    Grounds,
    Events,
    Documents,
    Regions,
    Bases,
    Cookies,
    AiUses,
    Measures,
    Subjects,
    Training,
    Models,
}

/// One list: its label, what in the same sentence takes an entry back, and its entries: phrases (see [`crate::phrases`]) and a name.
struct List {
    lexicon: Lexicon,
    label: &'static str,
    unless: &'static str,
    entries: &'static [(&'static str, &'static str)],
}

impl Lexicon {
    /// The label of the fact.
    pub(super) fn label(self) -> &'static str {
        self.list().label
    }

    fn list(self) -> &'static List {
        let list = &LISTS[self as usize];
        debug_assert_eq!(list.lexicon, self);
        list
    }

    /// What `text` names of the list: "a, b and c".
    pub(super) fn named(self, text: &str) -> String {
        static SETS: LazyLock<Vec<RuleSet>> = LazyLock::new(|| {
            let line = |list: &List, phrases: &str| match list.unless {
                "" => phrases.to_owned(),
                unless => format!("{phrases} ! {unless}"),
            };
            let lines = |list: &'static List| list.entries.iter().map(move |(phrases, _)| line(list, phrases));
            let compiled = |list: &'static List| {
                let lines: Vec<String> = lines(list).collect();
                RuleSet::compile(lines.iter().map(String::as_str))
            };
            LISTS.iter().map(compiled).collect()
        });
        let hits = SETS[self as usize].find_in(text);
        let names: Vec<&str> = hits.iter().take(MOST).map(|entry| self.list().entries[entry].1).collect();
        match names.as_slice() {
            [] => String::new(),
            [only] => (*only).to_owned(),
            [most @ .., last] => format!("{} and {last}", most.join(", ")),
        }
    }
}

const NOT_COLLECTED: &str =
    "not collect|not store|not request|not ask for|never collect|do not provide|not process|not access|not retain";
const NOT_TRAINED: &str = "not use|not be used|not used|never use|never used|not train|never train|not trained";
const NOT_SHARED: &str = "not share|not disclose|not sell|never share|never sell";

#[rustfmt::skip]
const LISTS: &[List] = &[
    List { lexicon: Lexicon::Personal, label: "Data named", unless: NOT_COLLECTED, entries: &[
        ("your name|full name|first name|last name|real name|names|name email|name e mail|name address|name and", "your name"),
        ("email|e mail|emails", "e-mail address"),
        ("phone|telephone|mobile number|cell number", "phone number"),
        ("postal address|mailing address|billing address|shipping address|home address|physical address|delivery address|postcode|zip code", "postal address"),
        ("date of birth|birthday|birth date|birthdate|your age", "date of birth"),
        ("gender", "gender"),
        ("username|user name|password|passwords|login details|credentials", "login details"),
        ("profile picture|profile photo|avatar|photo|photos|photograph|photographs", "photos"),
        ("credit card|debit card|card number|payment card|payment information|payment details|payment method|bank account|financial information", "payment details"),
        ("purchase|purchases|transaction|transactions|order history", "purchases"),
        ("employer|employment|job title|occupation|profession", "employment"),
        ("messages|communications|correspondence|chats|conversations|emails you send", "messages"),
        ("prompt|prompts|inputs", "prompts"),
        ("preferences|interests", "interests"),
        ("location", "location"),
        ("ip address|ip addresses", "IP address"),
    ] },
    List { lexicon: Lexicon::Device, label: "Data named", unless: NOT_COLLECTED, entries: &[
        ("ip address|ip addresses|internet protocol", "IP address"),
        ("device identifier*|device id|device ids|unique identifier*|advertising id*|mac address*|imei|unique device", "device identifiers"),
        ("browser|browsers", "browser"),
        ("operating system*", "operating system"),
        ("pages you|pages viewed|pages visited|web pages|clicks|click|clicked|browsing|links you|clickstream", "pages and clicks"),
        ("time spent|time and date|date and time|access times|duration of|timestamps|time stamps", "times of use"),
        ("referring|referrer|referral", "the page you came from"),
        ("search|searches|search terms|queries", "searches"),
        ("crash*|diagnostic*|error reports|performance data", "crash reports"),
        ("location|geolocation|time zone", "location"),
        ("internet service provider|isp|mobile carrier|network information|mobile network", "network provider"),
        ("screen resolution|language settings|language preference*|device settings", "settings"),
    ] },
    List { lexicon: Lexicon::Reach, label: "Data named", unless: NOT_COLLECTED, entries: &[
        ("contacts|address book|contact list|contact lists|phonebook", "your contacts"),
        ("messages|message|communications|chats|conversations|emails|sms", "your messages"),
        ("photos|photo|images|image|pictures|videos|video|camera roll|gallery", "your photos and videos"),
        ("files|documents|uploads", "your files"),
        ("calendar", "your calendar"),
        ("camera", "the camera"),
        ("microphone|audio|voice|recordings", "the microphone or recordings"),
        ("prompts|inputs", "what you enter"),
    ] },
    List { lexicon: Lexicon::Sensitive, label: "Data named", unless: NOT_COLLECTED, entries: &[
        ("health|medical", "health"),
        ("sexual orientation|sex life|sexuality|sexual", "sexuality"),
        ("religio*|philosophical", "religion or belief"),
        ("political", "political opinions"),
        ("ethnic*|racial|race", "ethnic origin"),
        ("genetic", "genetic data"),
        ("biometric*|face|facial|fingerprint*", "biometric data"),
        ("government issued|government id|passport|driver s license|drivers license|identity card|identity document*|identification document*|id card|national id*|id document*|driving licence", "identity documents"),
        ("social security|tax id*|tax identification|taxpayer", "social security or tax numbers"),
        ("bank account|financial account|account log in|card number", "financial accounts"),
        ("criminal", "criminal records"),
        ("precise geolocation|precise location", "precise location"),
        ("trade union|union membership", "union membership"),
    ] },
    List { lexicon: Lexicon::Body, label: "Data named", unless: NOT_COLLECTED, entries: &[
        ("face|facial|selfie|faceprint*", "your face"),
        ("voice|voiceprint*", "your voice"),
        ("fingerprint|fingerprints", "your fingerprints"),
        ("iris|retina", "your eyes"),
        ("hand|palm", "your hand"),
        ("keystroke*|gait", "how you move or type"),
    ] },
    List { lexicon: Lexicon::Payment, label: "Data named", unless: NOT_COLLECTED, entries: &[
        ("credit card|debit card|card number|payment card|card details|card information|card", "card details"),
        ("bank account|account number|iban|routing number|bank details", "bank account"),
        ("billing address|billing information", "billing address"),
        ("purchase|purchases|purchase history|order history|orders", "purchases"),
        ("transaction|transactions", "transactions"),
        ("wallet|crypto*", "wallet addresses"),
    ] },
    List { lexicon: Lexicon::Origins, label: "Sources", unless: NOT_COLLECTED, entries: &[
        ("data broker*|data provider*|data supplier*|information provider*|data vendors", "data brokers"),
        ("social network*|social media|facebook|google|linkedin|apple", "social networks or linked accounts"),
        ("publicly available|public sources|public records|public databases|publicly accessible", "public sources"),
        ("business partners|partners|marketing partners", "partners"),
        ("advertis*", "advertisers"),
        ("affiliate*|group companies|subsidiar*", "companies of the group"),
        ("other users|other members|other people|your contacts|friends", "other users"),
        ("service provider*|vendors|analytics providers", "service providers"),
        ("credit bureau*|credit reference|credit reporting|fraud prevention|identity verification", "credit or identity checkers"),
        ("employer|administrator|school|organization", "your employer or organisation"),
    ] },
    List { lexicon: Lexicon::Purposes, label: "Purposes", unless: "not use|not used|never use", entries: &[
        ("to provide|providing|provide you|provide our|operate|operating|deliver|delivering|fulfill|fulfil|maintain", "running the service"),
        ("secure|security|protect|integrity|safety|safe|unauthorized access", "security"),
        ("fraud*|abuse", "preventing fraud or abuse"),
        ("improve|improving|enhance|develop|developing|improvement", "improvement"),
        ("analy*|research|statistic*|trends|measure|measurement", "analysis or research"),
        ("personaliz*|personalis*|customiz*|recommend*|tailor*", "personalisation"),
        ("advertis*|ads", "advertising"),
        ("marketing|promotional|promotions|newsletter*|special offers", "marketing"),
        ("customer support|support|customer service|respond to|inquiries|enquiries|technical support", "support"),
        ("communicate|contact you|notify you|send you|inform you", "messages to you"),
        ("payment|payments|billing|invoice|process transactions|process your order", "payment"),
        ("legal obligation*|comply with|legal requirements|legal claims|legal process|regulatory", "legal duties"),
        ("enforce|enforcing", "enforcing the terms"),
        ("train|training & model*|ai|machine learning", "training AI"),
    ] },
    List { lexicon: Lexicon::Recipients, label: "Recipients", unless: NOT_SHARED, entries: &[
        ("advertis*|ad networks", "advertisers"),
        ("analytics", "analytics firms"),
        ("data broker*", "data brokers"),
        ("business partners|marketing partners|partners|promotional partners|sponsors", "partners"),
        ("social media|social network*", "social networks"),
        ("affiliates|subsidiaries|group companies", "companies of the group"),
        ("service providers|vendors|contractors", "service providers"),
        ("merchants|sellers|retailers|restaurants|hosts", "merchants"),
        ("payment processor*|banks|financial institutions", "banks or payment firms"),
        ("other users|other members", "other users"),
        ("researchers|universities|research", "researchers"),
        ("employer|administrator|organization|school", "an employer or organisation"),
        ("law enforcement|authorities|government", "authorities"),
        ("insurers|insurance", "insurers"),
    ] },
    List { lexicon: Lexicon::Conduct, label: "Banned", unless: "", entries: &[
        ("unlawful|illegal|illegally|violate any law|violates any law|violate any applicable|criminal|crime|crimes", "unlawful acts"),
        ("harass*|bully*|stalk*|intimidat*|threat*|abusive|abuse others", "harassment or threats"),
        ("hate|hateful|discriminat*|racis*|bigot*", "hate or discrimination"),
        ("violen*|terroris*|gore|graphic", "violence"),
        ("sexual*|pornograph*|nudity|obscen*|sexually|lewd", "sexual content"),
        ("child|children|minors", "harm to children"),
        ("infring*|copyright*|intellectual property|trademark*", "infringing others' rights"),
        ("impersonat*|misrepresent*|false identity", "impersonation"),
        ("fraud*|scam*|decept*|deceive|mislead*|phish*|pyramid", "fraud or deception"),
        ("spam|unsolicited|chain letters|bulk", "spam"),
        ("malware|virus|viruses|malicious|harmful code|trojan*", "malware"),
        ("defam*|libel*|slander*", "defamation"),
        ("personal information|private information|doxx*|invades|invasive|privacy", "exposing private data"),
        ("suicide|self harm|self injury", "self-harm"),
        ("weapon*|firearm*|explosive*", "weapons"),
        ("drugs|drug|narcotic*", "drugs"),
        ("misinformation|disinformation|false information|fake", "false information"),
    ] },
    List { lexicon: Lexicon::Losses, label: "Losses excluded", unless: "not exclude|not limit|nothing in", entries: &[
        ("indirect", "indirect loss"),
        ("consequential", "consequential loss"),
        ("incidental", "incidental loss"),
        ("special", "special damages"),
        ("punitive|exemplary", "punitive damages"),
        ("profit|profits|lost profits", "lost profits"),
        ("revenue|revenues|income|earnings", "lost revenue"),
        ("loss|lost|losses|corruption > data|information", "lost data"),
        ("goodwill|reputation", "lost goodwill"),
        ("business interruption|interruption of business|loss of business", "interruption of business"),
        ("loss of use", "loss of use"),
    ] },
    List { lexicon: Lexicon::Warranties, label: "Not promised", unless: "", entries: &[
        ("merchantab*|satisfactory quality", "merchantable quality"),
        ("fitness", "fitness for a purpose"),
        ("non infringement|noninfringement", "non-infringement"),
        ("title", "title"),
        ("accura*|reliab*|correctness|completeness", "accuracy"),
        ("uninterrupted|availab*|timely", "availability"),
        ("error free|errors|defects|bugs", "freedom from errors"),
        ("secure|virus*|harmful components", "security"),
    ] },
    List { lexicon: Lexicon::Countries, label: "Countries", unless: "not transfer|never transfer", entries: &[
        ("united states|usa|u s|in the us|to the us", "the United States"),
        ("european union|european economic area|eea|the eu", "the European Union"),
        ("united kingdom|the uk", "the United Kingdom"),
        ("canada", "Canada"),
        ("ireland", "Ireland"),
        ("germany", "Germany"),
        ("switzerland", "Switzerland"),
        ("netherlands", "the Netherlands"),
        ("france", "France"),
        ("china|prc|people s republic of china|mainland china", "China"),
        ("singapore", "Singapore"),
        ("japan", "Japan"),
        ("india", "India"),
        ("australia", "Australia"),
        ("brazil", "Brazil"),
        ("israel", "Israel"),
        ("hong kong", "Hong Kong"),
        ("south korea|republic of korea|korea", "South Korea"),
        ("malaysia", "Malaysia"),
        ("philippines", "the Philippines"),
        ("russia|russian federation", "Russia"),
    ] },
    List { lexicon: Lexicon::Safeguards, label: "Safeguards", unless: "", entries: &[
        ("standard contractual clauses|model clauses|model contract|contractual clauses|sccs", "standard contractual clauses"),
        ("adequacy|adequate level|adequate protection", "adequacy decisions"),
        ("data privacy framework|privacy shield", "the Data Privacy Framework or its predecessor"),
        ("binding corporate rules", "binding corporate rules"),
        ("international data transfer addendum|international data transfer agreement|idta|uk addendum", "the UK transfer agreement"),
    ] },
    List { lexicon: Lexicon::Rights, label: "Rights", unless: "do not have|no right", entries: &[
        ("access|right to know|see what|review", "access"),
        ("correct|correction|rectif*|amend|update", "correction"),
        ("delet*|eras*|remove", "deletion"),
        ("portab*|export|download a copy|transfer your", "portability"),
        ("restrict|restriction", "restriction"),
        ("object|objection", "objection"),
        ("withdraw", "withdrawal of consent"),
        ("complain*|supervisory authority", "complaint"),
        ("appeal", "appeal"),
    ] },
    List { lexicon: Lexicon::Grounds, label: "Grounds", unless: "", entries: &[
        ("breach|breaches|breached|violat*|fail to comply|failure to comply|not comply", "a breach of the terms"),
        ("illegal|unlawful|required by law|applicable law|legal obligation|court order|law enforcement", "legal reasons"),
        ("non payment|nonpayment|failure to pay|fail to pay|not pay|unpaid|overdue|past due", "non-payment"),
        ("fraud*", "fraud"),
        ("infring*", "infringement of others' rights"),
        ("harm|harmful|risk|risks|threat|damage", "risk or harm"),
        ("security", "security"),
        ("inactiv*", "inactivity"),
        ("false information|inaccurate|untrue|incomplete", "untrue details"),
        ("bankrupt*|insolven*", "insolvency"),
    ] },
    List { lexicon: Lexicon::Events, label: "Events", unless: "", entries: &[
        ("natural disaster*|act of god|acts of god|earthquake*|flood*|storm*|fire|fires|hurricane*", "natural disasters"),
        ("war|wars|terroris*|riot*|civil unrest|insurrection", "war or unrest"),
        ("strike|strikes|labor|labour", "strikes"),
        ("pandemic*|epidemic*|disease", "epidemics"),
        ("government*|embargo*|legislation|regulat*", "acts of government"),
        ("internet|network|telecommunication*|power failure*|power outage*|utilit*|electrical", "failures of networks or power"),
        ("hack*|cyber*|denial of service|virus*", "attacks on systems"),
        ("supplier*|third party|third parties|subcontractor*", "failures of suppliers"),
    ] },
    List { lexicon: Lexicon::Documents, label: "Documents", unless: "", entries: &[
        ("privacy policy|privacy notice|privacy statement", "the privacy policy"),
        ("community guidelines|community standards|community rules|house rules", "the community rules"),
        ("acceptable use|usage policy|usage policies|use policy|content policy|content policies", "the acceptable-use rules"),
        ("cookie policy|cookies policy|cookie notice", "the cookie policy"),
        ("data processing addendum|data processing agreement|dpa", "the data-processing agreement"),
        ("copyright policy|intellectual property policy|dmca policy", "the copyright policy"),
        ("payment terms|refund policy|billing terms|fee schedule", "payment terms"),
        ("additional terms|supplemental terms|service specific|specific terms|product terms|other terms|separate terms|supplementary terms", "further terms for parts of the service"),
        ("third party terms|terms of third|apple|google play|app store", "terms of other companies"),
        ("open source", "open-source licences"),
        ("order form|statement of work|order forms", "the order form"),
    ] },
    List { lexicon: Lexicon::Regions, label: "Regions", unless: "", entries: &[
        ("california|californian", "California"),
        ("virginia", "Virginia"),
        ("colorado", "Colorado"),
        ("connecticut", "Connecticut"),
        ("utah", "Utah"),
        ("texas", "Texas"),
        ("oregon", "Oregon"),
        ("nevada", "Nevada"),
        ("montana", "Montana"),
        ("european economic area|eea|european union|the eu|gdpr", "the European Union or Economic Area"),
        ("united kingdom|the uk|uk gdpr", "the United Kingdom"),
        ("switzerland|swiss", "Switzerland"),
        ("canada|canadian|quebec", "Canada"),
        ("brazil|lgpd", "Brazil"),
        ("australia", "Australia"),
        ("japan", "Japan"),
        ("korea", "South Korea"),
        ("china|prc", "China"),
        ("india", "India"),
    ] },
    List { lexicon: Lexicon::Bases, label: "Legal bases", unless: "", entries: &[
        ("consent", "consent"),
        ("contract|contractual|performance of|our agreement with you", "a contract"),
        ("legal obligation*|comply with the law|legal requirement*|legal duty|legally required", "legal duty"),
        ("legitimate interest|legitimate interests|legitimate business interest*", "legitimate interests"),
        ("vital interest|vital interests", "vital interests"),
        ("public interest|public task", "public interest"),
    ] },
    List { lexicon: Lexicon::Cookies, label: "Cookie kinds", unless: "not use", entries: &[
        ("necessary|essential|required cookies", "necessary"),
        ("functional|functionality|preference|preferences|remember", "preference"),
        ("analytic*|performance|statistic*|measure*", "measuring"),
        ("advertis*|targeting|marketing|targeted", "advertising"),
        ("social media|social network*", "social-media"),
        ("third party cookies|third parties|third party", "third-party"),
    ] },
    List { lexicon: Lexicon::AiUses, label: "Uses banned", unless: "", entries: &[
        ("weapon*|explosive*|biological|chemical|nuclear", "weapons"),
        ("child|children|minors|csam", "harm to children"),
        ("deepfake*|impersonat*|likeness", "impersonation or deepfakes"),
        ("misinformation|disinformation|false|mislead*|decept*|deceive", "deception"),
        ("surveil*|facial recognition|biometric*|track*", "surveillance or biometric identification"),
        ("manipulat*|subliminal|vulnerab*", "manipulation"),
        ("sexual*|pornograph*|nudity|obscene", "sexual content"),
        ("harass*|bully*|threat*|hate*|discriminat*", "harassment or hate"),
        ("malware|virus*|hack*|cyber*|malicious code|exploit", "attacks on computers"),
        ("legal rights|credit|employment|housing|insurance|high risk|automated decision*|consequential", "decisions with grave effects on people"),
        ("medical|legal advice|financial advice|diagnos*|health", "medical, legal or financial advice"),
        ("political|campaign*|election*|voting", "politics and elections"),
        ("military|warfare", "military uses"),
        ("suicide|self harm", "self-harm"),
        ("fraud*|scam*|phishing|spam", "fraud or spam"),
        ("illegal|unlawful|criminal|violate* > law*", "unlawful acts"),
    ] },
    List { lexicon: Lexicon::Measures, label: "Measures", unless: "not guarantee|no method|cannot guarantee|can not guarantee", entries: &[
        ("encrypt*|ssl|tls|https", "encryption"),
        ("access control*|restrict access|limited access|need to know|authorized personnel|access is restricted|limit access", "limits on access"),
        ("firewall*|intrusion", "firewalls or intrusion detection"),
        ("audit|audits|penetration test*|security test*|vulnerability", "tests and audits"),
        ("iso 0|soc 0|pci dss|pci|certif*", "certificates"),
        ("train|training|trained", "staff training"),
        ("backup|backups|back up|redundan*", "backups"),
        ("monitor|monitoring|logs", "monitoring"),
        ("two factor|multi factor|authentication", "login checks"),
        ("pseudonym*|anonym*|hash*", "pseudonyms or hashing"),
        ("physical|facilities", "physical protection"),
    ] },
    List { lexicon: Lexicon::Subjects, label: "Subjects", unless: "", entries: &[
        ("medical|health|doctor|diagnos*|physician", "health and medical advice"),
        ("legal advice|attorney*|lawyer*|law firm", "legal advice"),
        ("financial|invest*|securities|tax advice|trading|banking", "finance and investment"),
        ("gambl*|betting|lotter*|casino*", "gambling"),
        ("alcohol|tobacco|vap*|cigarette*", "alcohol and tobacco"),
        ("drugs|pharma*|prescription|cannabis|marijuana|controlled substances", "drugs and medicines"),
        ("weapon*|firearm*|ammunition|explosive*", "weapons"),
        ("crypto*|virtual currenc*|digital assets", "crypto-assets"),
        ("election*|political|campaign*", "politics and elections"),
        ("adult|escort|sexual", "adult content"),
        ("life support|nuclear|aircraft|emergency|hazardous", "uses where failure endangers lives"),
        ("hipaa|protected health", "protected health information"),
        ("animal*|wildlife|endangered", "animals"),
        ("food", "food"),
    ] },
    List { lexicon: Lexicon::Training, label: "Used for training", unless: NOT_TRAINED, entries: &[
        ("prompt|prompts|inputs|your input|questions", "prompts"),
        ("output|outputs|answers|responses|completions|suggestions", "outputs"),
        ("your content|user content|customer content|use content|use of content|content you|content that you|content and|your data|customer data|user data|your stuff|materials you|uploads|upload|submissions|posts|information you provide", "content"),
        ("files|documents|attachments", "files"),
        ("photo|photos|picture|pictures|image|images|video|videos", "pictures and videos"),
        ("voice|audio|recordings", "voice recordings"),
        ("messages|chats|conversations|emails|calls|transcripts", "messages"),
        ("profile|profiles", "profile"),
        ("feedback|ratings|reviews", "feedback"),
        ("health|wellness|medical", "health data"),
        ("usage data|usage information|log data|telemetry|interactions|activity", "usage data"),
        ("personal data|personal information", "personal data"),
        ("code|repositories", "code"),
    ] },
    List { lexicon: Lexicon::Models, label: "Whose models", unless: NOT_TRAINED, entries: &[
        ("train*|improve|improving|develop*|teach* > our models|our own models|our own machine learning|our machine learning|our ai|our own ai|our artificial|our generative|our large|our algorithms|our foundation|our own foundation", "the company's own models"),
        ("models|model > affiliates|subsidiaries|group|group companies", "models of its group"),
        ("third parties|partners|other companies|their own > train|to train|training|their models|improve their", "models of other companies"),
    ] },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_stand_at_their_place() {
        for (i, list) in LISTS.iter().enumerate() {
            assert_eq!(list.lexicon as usize, i, "{}", list.label);
        }
    }

    #[test]
    fn named_in_one_set_of_words() {
        assert_eq!(Lexicon::Device.named("We log your IP address and the browser."), "IP address and browser");
        assert_eq!(
            Lexicon::Losses.named("NO INDIRECT, CONSEQUENTIAL OR PUNITIVE DAMAGES"),
            "indirect loss, consequential loss and punitive damages"
        );
        assert_eq!(
            Lexicon::Conduct.named("Do not harass people or send unsolicited mail."),
            "harassment or threats and spam"
        );
        assert_eq!(Lexicon::Regions.named("For residents of California"), "California");
        assert_eq!(Lexicon::Sensitive.named("We do not collect health data."), "");
        assert_eq!(Lexicon::Purposes.named(""), "");
    }
}
