//! Withdraws clause types that a clause denies: "We do not use your content to train AI" speaks of training and is none of it.
//!
//! A rule names a type and the words under which a sentence denies it, in the language of [`crate::phrases`] with two additions:
//! `@name` stands for a list of [`LISTS`], and `~word` for the word with a negation directly before it ([`NEGATIONS`]).
//! A type is withdrawn when a sentence meets one of its rules and no other sentence speaks for it (see [`crate::patterns`]):
//! "We do not sell data. We share it with partners." still shares.
//!
//! These rules are compiled together with those of [`crate::patterns`] and numbered after them: a text is read once for both.
use crate::features::hash_bytes;
use crate::patterns;
use crate::phrases::{Hits, Seen};
use crate::words::Words;

/// Whether the clause with these words denies the type `kind` and says nothing else that speaks for it; `met` are the rules of
/// [`patterns::rules`] that it meets.
pub(crate) fn withdraws(met: &Hits, kind: &str, words: &Words, seen: &mut Seen) -> bool {
    if !denies(met, kind) {
        return false;
    }
    let sentences = patterns::rules().find_by_sentence(words, seen);
    !sentences.iter().any(|met| !denies(met, kind) && speaks_for(met, kind))
}

fn denies(met: &Hits, kind: &str) -> bool {
    let denials = met.iter().filter_map(|rule| rule.checked_sub(patterns::names().len()));
    denials.into_iter().any(|rule| VETOES[rule].0 == kind)
}

fn speaks_for(met: &Hits, kind: &str) -> bool {
    let name = hash_bytes(1, kind.as_bytes());
    met.iter().any(|rule| patterns::names().get(rule).is_some_and(|names| names[1] == name))
}

/// The rules in the language of [`crate::phrases`], written out.
pub(crate) fn lines() -> impl Iterator<Item = String> {
    VETOES.iter().map(|(_, rule)| expand(rule))
}

/// Writes out the lists and the negated words of a rule.
fn expand(rule: &str) -> String {
    let mut out = String::new();
    for part in rule.split_inclusive(['|', '&', '>', '!']) {
        let phrase = part.trim_end_matches(['|', '&', '>', '!']);
        let operator = &part[phrase.len()..];
        let phrase = phrase.trim();
        match (LISTS.iter().find(|(name, _)| *name == phrase), phrase.strip_prefix('~')) {
            (Some((_, words)), _) => out.push_str(words),
            (None, Some(word)) => {
                out.push_str(&NEGATIONS.map(|negation| format!("{negation} {word}")).join("|"));
            }
            (None, None) => out.push_str(phrase),
        }
        out.push_str(operator);
    }
    out
}

/// What `~` puts before a word.
const NEGATIONS: [&str; 14] = [
    "not",
    "never",
    "cannot",
    "nor",
    "neither",
    "no longer",
    "no",
    "without",
    "not to",
    "not obliged to",
    "not required to",
    "refuse to",
    "not be",
    "never be",
];

/// Lists of words that many rules share.
#[rustfmt::skip]
const LISTS: &[(&str, &str)] = &[
    // An exception, a contrast or a condition: what is denied in general may be stated in part.
    ("@x", "except|unless|other than|but|only|without|however|although|not limited|provided that|until|otherwise|solely|beyond"),
    // Any word that forbids or restricts: with it, a permission may be a ban.
    ("@no", "not|no|never|cannot|nor|neither|without|prohibit*|forbid*|forbidden|barred|except|unless|only|solely|must|shall|restrict*|refrain|prevent*|against|violat*|other than|provided that|breach*"),
    // The user is allowed to.
    ("@may", "you may|you can|you are free to|customer may|customers may|user may|users may|licensee may|licensees may|subscriber may|members may|anyone may|everyone may|everybody may|anybody may|developers may|competitors may|is entitled to|are entitled to|are free to|is free to|are allowed|is allowed|allowed for|are permitted|is permitted|permitted to|is welcome|are welcome|welcome to|are admitted|is admitted|have the right to|has the right to|may freely|and may|also may|may also"),
    // Nothing stands in the way of the user.
    ("@freed", "nothing forbids|nothing prohibits|nothing prevents|nothing stops|nothing in this agreement obliges|nothing in these terms obliges|nothing in these terms prevents|nothing in these terms forbids|nothing in these terms prohibits|nothing in this agreement prevents|nothing in this agreement forbids|nothing in this agreement prohibits|nothing here forbids|not prohibited|not forbidden|does not forbid|do not forbid|does not prohibit|do not prohibit|not obliged not to|no objection to|no permission is needed|without our permission being needed"),
    // No duty.
    ("@need", "need not|needs not|need no|needs no|not required to|not obliged to|not obligated to|not bound to|no duty to|no obligation to|not have to|not need to|no need to|not necessary to|not asked to|under no duty|under no obligation|under no duty to|free not to|does not require|do not require|not oblige|not ask you to|no requirement"),
    // The provider binds itself, not the user.
    ("@usneg", "we may not|we shall not|we must not|we will not|we will never|we never|our staff will never|our staff will not|our employees will never|our employees will not|provider may not|provider shall not|provider will not|company shall not|licensor shall not|the developers will not|we and our staff|we ourselves"),
    // No right or means.
    ("@noright", "no right to|not have the right to|not have a right to|has no right to|have no right to|not entitled to|no possibility to|no way to|not possible to|no option to|no means to|not able to|unable to|no power to|not authorised to|not authorized to"),
    // A duty in softer words.
    ("@x2", "should|responsib*|however"),
    // Any negation.
    ("@any", "not|no|never|neither|nor|none|cannot|nobody|nothing|refrain*|refuse*|without"),
    // A negated verb whose subject may be the provider.
    ("@prov", "we do not|we will not|we shall not|we never|we may not|we must not|we cannot|we can not|we no longer|we have not|we have never|we are not|we neither|we have no|we refrain|we refuse|neither we|neither do we|nor do we|nor will we|does not|do not|never|is not|are not|will not|shall not|nor|neither|none of|nobody|no one|no longer|refrains from|refuses to|has not|have not"),
    // The provider denies.
    ("@we", "we do not|we will not|we shall not|we never|we may not|we must not|we cannot|we can not|we no longer|we have not|we have never|we are not|we neither|we have no|we refrain|we refuse|we give no|we make no|neither we|neither do we|nor do we|nor will we|nor shall we|it does not|and do not|and does not|does not and|do not and|we will never|we shall never|we use no|we keep no|we collect no|we set no|we send no|we charge no"),
    // A condition, a possibility or a ban that binds the user.
    ("@y", "if|may|you do not|you may not|you must not|you shall not|you will not|you cannot|you agree not|users may not|customer shall not|customer may not"),
    // Any word that allows.
    ("@free", "may|can|free to|welcome|entitled|allowed|permitted|admitted|need not|at liberty"),
    // The provider takes it upon itself.
    ("@us", "we must|we shall|we will|we are obliged|we are bound|our staff|our employees|we undertake|we bear|we accept|we answer|we pay|we are liable|we are responsible|we alone|provider must|provider bears|provider is liable|at our expense|at our cost"),
    // The user is bound.
    ("@bind", "you must|you shall|you will|you agree|you are responsible|you are solely|you undertake|customer shall|customer must|customer agrees|user must|user shall|users must|you represent|you are liable"),
    // The same, only where it plainly takes the denial back.
    ("@xs", "except|unless|other than|but we|but may|only if|only with|only as|only to|only when|without your|not limited|provided that|until"),
    // The user acts.
    ("@youdo", "you must|you must not|you shall not|you may not|you agree not|you undertake|you will not|you shall|you may|you can|users must not|users may not|user may not|customer shall|customer shall not|customer may|customer must|licensee shall|advertisers must not|sellers must|members must not|user shall not|you have to|you are free"),
    // The provider may or will.
    ("@wedo", "we may|we can|we reserve the right|we have the right|we will|we shall|we must|we are entitled"),
    // The provider speaks of its own conduct.
    ("@weown", "we do not|we will not|we shall not|we never|we may not|we must not|we cannot|our staff|our employees|our moderators|our engineers|we ourselves|provider shall not|provider may not|we use|we may use"),
    // The provider, or a consent of the user, is in the sentence as well.
    ("@ours", "we|us|our|ours|by using|consent*|agree that|acknowledge|company|provider"),
];

/// A clause type and words under which a sentence denies it.
///
/// Where the words after `!` are many, true statements of the type were met in that form: "we do not share it, except with partners",
/// "unless you opt out".
#[rustfmt::skip]
pub(crate) const VETOES: &[(&str, &str)] = &[
    // Data sharing: denials by the provider; bans that bind the user are no promise of the provider.
    ("sells-data", "not sold|not and shall not sell|not and will not sell|never sold > data|information|personal|names|addresses|details|lists|it ! @x"),
    ("sells-data", "~sell|~rent|~trade > data|information|personal|names|addresses|details|lists|it|them ! @x|do not sell my|do not sell or share my|right to|request|opt out"),
    ("sells-data", "we do not sell|we do not and|we never sell|does not sell|do not and shall not|does not and shall not|not and will not > sell|rent > data|information|personal ! @x|right to|opt out|request"),
    ("sells-data", "@youdo > sell*|sold|sale|rent*|trade*|moneti*|money ! we|our|consent*|if|may be"),
    ("sells-data", "are not a sale|is not a sale|not considered a sale|not be a sale|not constitute a sale ! may be|opt out|@x"),
    ("no-sale", "you may not|you must not|you shall not|you agree not to|you will not|users may not|user may not|user shall not|customer shall not|customer may not|you cannot|members may not > sell|rent|trade|lease ! we do not sell|we will not sell|we never"),
    ("no-sale", "because we sell|since we sell|except that we sell|but we do sell|but we sell"),
    ("no-sale", "except that we sell|but we sell|but we do sell|we may sell|we sell your|we do sell|also sells|also sell|we sell personal|sells the personal|may rent|may sell|will sell|may from time to time rent|have sold|has sold ! not sell|never sell|never sold|not sold|may not sell"),
    ("no-sale", "you may not|you must not|you shall not|you agree not|you will not|you cannot|users may not|users must not|customer shall not|customer may not|members may not|members must not|licensee shall not|user shall not > sell|rent|trade|lease ! we do not|we will not|we never|we shall not"),
    ("no-sale", "reserve the right > sell|rent ! not sell|never sell|not to sell|do not"),
    ("shares-third-parties", "share*|disclos*|pass*|give > companies of the|group|affiliates|subsidiaries > never outside|not outside|only|and never|nobody else|no one else ! third parties|partners"),
    ("shares-third-parties", "only if you ask us|only if you ask|only at your request|only where you ask|only when you ask|only on your instruction|only if you tell us|only when you tell us"),
    ("shares-third-parties", "always refused|have refused|refuse to > available|share|pass|disclos*|hand|lists"),
    ("shares-third-parties", "we may obtain|we obtain|we receive|we collect|we may receive|we may collect|we also obtain|we get|we also receive > from our|from third|from partners|from other|from outside|from data brokers|from commercial ! share*|disclos*|provid*|transfer*|combin*|behalf|sell|them|collect and"),
    ("shares-third-parties", "@we & share*|disclos*|pass*|give*|hand*|provide*|transfer*|reveal*|third part*|partners|others|anybody|anyone ! @x|@y"),
    ("shares-third-parties", "@youdo > pass|disclose|share|give|hand|reveal > third parties|others|outsiders|anyone ! we|ours|consent*|us|if|may be|who you"),
    ("shares-by-user-choice", "whether or not you|even if you object|without asking you|without your consent|even without your|whether you agree or not|regardless of your > share|pass|disclose|object|agree|choice|consent ! not|never"),
    ("shares-by-user-choice", "cannot see|can not see|has no access|have no access|cannot access > data|information|profile|account ! @xs|may|bots"),
    ("shares-by-user-choice", "not possible to > connect*|linked|share* ! unless|except|if|without"),
    ("shares-affiliates", "companies outside the|outside the group|outside our group ! affiliat*|subsidiar*|never|not|no"),
    ("shares-affiliates", "@any & group|affiliat*|subsidiar*|sister*|parent compan*|brand* ! @x|@y"),
    ("shares-affiliates", "we may not|we must not|we shall not|we will not|we do not|we never|we cannot > shar*|disclos*|pass|give|transfer|hand > affiliat*|subsidiar*|parent|group|common control ! @xs|third part*"),
    ("service-providers", "~use|~engage|~employ|~rely on|~give|~pass > vendor*|contractor*|service provider*|subcontractor*|sub processor*|processors|outside compan* ! @x|responsib*|control|personal data for"),
    ("service-providers", "@any > vendor*|contractor*|service provider*|processor*|subcontract*|suppliers|outside compan*|outside provider* ! @x"),
    ("service-providers", "purposes of their own|their own purposes ! behalf|not|vendors|service providers|processors"),
    ("merger-transfer", "~transferred|~handed|~sold|~disclosed|~passed|~transfer|~hand|~pass|~sell|~form part|~among > successor*|acquirer|buyer|purchaser|merg*|acqui*|sale|new owner|assets|bankruptcy ! @x"),
    ("merger-transfer", "@any & merg*|acqui*|successor*|buyer|purchaser|new owner|is sold|insolven*|bankrupt*|change of control ! @x"),
    ("merger-transfer", "~hand*|~transfer*|~pass*|~sold|~form part & merg*|acqui*|sold|sale|successor*|buyer|purchaser|insolven*|bankrupt*|new owner"),
    ("law-enforcement", "not able to hand|not able to disclose|not in a position to|have nothing to hand|never handed over|cannot hand over|unable to hand over|unable to disclose"),
    ("law-enforcement", "@prov & authorit*|police|court*|government*|law enforcement|warrant|subpoena* ! @x|@y"),
    ("law-enforcement", "@any > authorit*|police|court*|government*|law enforcement|warrant|subpoena* ! @x|@y"),
    ("law-enforcement", "~hand*|~disclos*|~give|~release|~provide|~surrender & authorit*|police|court*|government*|state|law|warrant ! @x"),
    ("law-enforcement", "back from the|back from any & police|authority|authorities|government|court"),
    ("law-enforcement", "cannot and do not|do not and cannot|cannot and will not|will not and cannot > disclos*|hand*|give|provide|release"),
    ("cross-border-transfer", "~transferred|~transfer|~leave|~leaves|~sent|~send|~stored|~store|~processed|~moved|~export > outside|abroad|other countries|another country|third countr*|european economic|eea|united states|european union|country ! @x"),
    ("cross-border-transfer", "@we & countr*|abroad|outside|united states|border*|european"),
    ("cross-border-transfer", "@youdo > countr*|abroad|outside|united states|border*|european ! we|consent*|acknowledge|authorize|grant"),
    ("cross-border-transfer", "never transferred|not transferred|never leaves|never leave|never sent > abroad|outside|country|europe* ! except|unless|may|if|other than|without"),
    // Collection.
    ("collects-location", "~read|~record|~collect|~track|~store|~use|~process|~access|~receive|~ask|~request|~need|~determine|~gather > location|position|whereabouts|gps|geolocation|where you ! @x|if you|precise"),
    ("collects-location", "@prov & location|position|gps|whereabouts|geolocation ! @x"),
    ("collects-location", "~read|~record*|~track*|~collect*|~follow|~determine|~access* & location|position|whereabouts|gps|where you"),
    ("collects-location", "no location|no position|no whereabouts|no gps|but do not infer|but do not collect ! @xs|if you|may"),
    ("collects-biometric", "~collect|~store|~use|~process|~derive|~create|~scan|~make|~take|~obtain|~capture|~keep > biometric*|fingerprint*|voiceprint*|face geometry|faceprint*|iris|facial|template*|face ! @x"),
    ("collects-biometric", "no template*|no biometric*|no faceprint*|no voiceprint*|no fingerprint*|no scan*|no facial ! @x"),
    ("collects-biometric", "@any > biometric*|face|faces|facial|fingerprint*|voiceprint*|iris ! @x|@y"),
    ("collects-biometric", "@we & biometric*|face|faces|facial|fingerprint*|voiceprint*|iris"),
    ("collects-biometric", "~collect*|~scan*|~derive*|~recogn*|~create|~template*|~store|~made & biometric*|face|faces|facial|fingerprint*|voice*|iris|template*|people"),
    ("collects-sensitive", "please do not send|please do not|you should not|do not send us|do not submit|not to send|not to submit|not to provide|refrain from > sensitive|health|medical|racial|religio*|social security|political|genetic|criminal"),
    ("collects-sensitive", "~collect|~ask|~request|~process|~want|~require|~seek|~store|~record|~keep > sensitive|health|medical|racial|religio*|social security|political|genetic|ethnic|sexual|special categor* ! @x|if you|consent"),
    ("collects-sensitive", "@youdo > sensitive|health|medical|racial|religio*|political|ethnic|genetic|sexual ! we|consent*|acknowledge|authorize|grant"),
    ("collects-sensitive", "@need > passport|identity card|health|medical|social security ! must|shall|if"),
    ("collects-contacts-content", "~upload*|~read|~reads|~access|~accesses|~scan|~scans|~store|~collect|~look|~record|~open|~copy > address book|contacts|messages|photos|camera|microphone|files|content|calendar|calls ! @x|if you|responsib*|third part*|permission to access"),
    ("collects-contacts-content", "~read|~upload*|~access*|~open|~scan*|~copy|~look*|~collect*|~store|~record*|~listen* & contacts|address book|messages|photos|camera|microphone|files|calls|chats|mail|calendar|content ! @x|@y"),
    ("collects-from-third-parties", "~obtain|~collect|~receive|~buy|~acquire|~purchase|~get|~seek|~take > from data brokers|data brokers|social network*|third parties|other sources|publicly|public registers|other compan*|from others|outside sources|partners ! @x|if you|share*|disclos*|responsib*"),
    ("collects-from-third-parties", "we may give|we give|we may pass|we pass|we may hand|we hand|we share > to our|to other|to outside|to third|with our|with third ! obtain|receive|collect|from|acquire"),
    ("collects-from-third-parties", "@prov > data brokers|social network*|other sources|third parties|public sources|registers|obtain*|buy*|acquire*|from other"),
    ("collects-from-third-parties", "~obtain*|~collect*|~receive*|~buy|~ask & third part*|broker*|social network*|other sources|registers|other compan*|partners|elsewhere|public* ! @xs"),
    ("collects-payment", "neither we nor anyone|nor anyone acting for us > card|bank|payment"),
    ("collects-payment", "@youdo > card*|bank|payment* ! @ours"),
    ("collects-payment", "we do not collect|do not collect or store|does not collect|we never see|we never collect > card*|payment|bank ! @x|may|third part*|processor*|if you|instead"),
    ("collects-device-usage", "no usage data|no log*|no telemetry|no device|no ip address*|no technical data|no diagnostic* ! @x"),
    ("collects-device-usage", "~log|~record|~collect|~store|~send*|~transmit*|~register|~keep > ip address*|usage data|device|log files|browser|operating system|logs|crash* ! @x|if you|personal|identif*|cookie*|associate|do not track|location"),
    ("collects-device-usage", "@youdo > device*|ip address*|log*|usage data|browser|telemetry|diagnostic* ! we|consent*|acknowledge|authorize|grant"),
    ("collects-device-usage", "does not collect|do not collect|never collect* > device identifiers|device id*|how you use|usage|ip address* ! @x|if you|may|cookie*|personal"),
    ("collects-personal", "~collect|~ask|~require|~record|~request|~know > name|e mail|email|address|personal|identity|phone number|telephone ! @x|child*|under|if you|may|sensitive|automatic*|minor*|third part*|0 years|knowingly"),
    ("collects-personal", "@prov > personal data|personal information|name|e mail|email|address|identity ! @x"),
    ("collects-personal", "@prov & personal data|personal information|name|e mail|email|address|identity ! @x|@y"),
    ("collects-personal", "we do not collect your|we do not collect any|does not collect any personal|we do not ask for your|we collect no > name|e mail|email|address|personal ! except|unless|if you|child*|under|sensitive|may|knowingly|third part*|automatic*|directly|from you"),
    // Tracking.
    ("tracking-pixels", "no pixel*|no web beacon*|no beacon*|no tracking pixel*|no clear gif*|no tracking pixels|refrain from any device fingerprinting|refrain from fingerprinting ! @x"),
    ("tracking-pixels", "~use|~contain|~contains|~place|~employ|~embed|~fingerprint > pixel*|beacon*|clear gif*|fingerprint*|device|session replay ! @x|personal|identif*"),
    ("tracking-pixels", "@prov & pixel*|beacon*|fingerprint*|gifs ! @x"),
    ("tracking-pixels", "@we & pixel*|beacon*|fingerprint*|gifs"),
    ("tracking-pixels", "~pixel*|~beacon*|~contain|~contains|~fingerprint*|~insert*|~embed*|~use & pixel*|beacon*|fingerprint*|gifs|newsletter*|e mails"),
    ("tracking-pixels", "@youdo > pixel*|beacon*|fingerprint*|gifs ! @ours"),
    ("tracking-pixels", "never record|do not record|not record > mouse|clicks|scroll*|session ! @xs|if|may"),
    ("cookies", "cookies > nuts|baked|bakery|flour|chocolate|allerg*|sugar|oven|butter"),
    ("cookies", "@we & cookie*|local storage ! @x|@y"),
    ("cookies", "does not use|do not use|not use any|uses no|use no|sets no|set no|places no|place nothing|places nothing|not set any|does not set|do not set > cookie*|local storage ! @x|@y|third part*|collect|for|marketing|advert*"),
    ("cookies", "does not place|do not place|not place any|never place > cookie* ! @x|@y|third part*|collect|for"),
    ("cookie-controls", "cookies > nuts|baked|bakery|flour|chocolate|allerg*|sugar|oven|butter"),
    ("cookie-controls", "cookies|cookie|tracking > ~be switched off|~switched off|~refuse|~refused|~disabled|~disable|~turned off|~turn off|~rejected|~reject|~opt out|~declined|~blocked|no means of refusing|no way|not possible ! @x|some|function*|parts|feature*|if you|may"),
    ("cookie-controls", "@we > cookie*|tracking"),
    ("cookie-controls", "@we & cookie*|tracking ! @x"),
    ("cookie-controls", "~switched off|~turned off|~refuse*|~reject*|~disable*|~block*|~switch off|~turn off|~opt out"),
    ("cookie-controls", "@wedo > cookie*|tracking ! you may|you can|you have|right to|request*"),
    ("cookie-controls", "you may not|you must not|you cannot|you shall not|users may not > delete|block|refuse|disable|reject|switch off > cookie* ! if|able|some|function*|use"),
    ("targeted-ads", "ads|ad|advertis*|advertisement* > ~based on|~targeted|~personali*|~tailored|the same for everybody|the same for everyone|the same for all|~selected|~chosen ! @x|opt out|if you|may|share*|who"),
    ("targeted-ads", "we do not use|we never use|we will not use|does not use > to select|to choose|to target|to personali*|to show|to tailor|to serve > ads|advertis* ! @x|if|opt out|may|share|sell|sensitive|child*|third part*"),
    ("targeted-ads", "ads|advertis* > ~matched|~chosen|never depend*|~depend on|only to the page|regardless of your ! @xs|opt out|may"),
    ("targeted-ads", "advertisers must not|advertisers may not|advertiser must not|as an advertiser|advertiser shall not > target*|personali* ! we|our partners"),
    ("targeted-ads", "we do not > compile|build|create|make|keep > record|profile|profiles > advertis*|ads ! @x|if|opt out|may|third part*"),
    ("targeted-ads", "show no advert*|show no ads|no targeted|no personali* > profil*|advert*|ads|based ! @xs|opt out|if"),
    ("targeted-ads", "never matched to|not matched to|not based on your > behaviour|behavior|page|browsing|interests|activity ! opt out|may|if"),
    ("marketing-messages", "~send|~use|~contact > marketing|promotional|promotions|newsletter*|advertising|offers|advertisement*|spam ! @x|you may not|you will not|third part*|if you|opt out|unsubscribe|consent|cookie*|users"),
    ("marketing-messages", "for nothing else|do not send them|never send them|not for advertising|not for marketing ! unsubscribe|opt out|third part*"),
    ("marketing-messages", "@prov & marketing|promot*|newsletter*|offers|advert* ! @x|@y"),
    ("marketing-messages", "~send|~sends|~advertis*|~marketing|~promotion*|~offers|~newsletter*|~write"),
    // Retention and security.
    ("retention-indefinite", "~retain*|~keep*|~kept|~store|~stored|~hold|~archived > indefinite*|forever|for ever|unlimited|perpetu*|longer than|after you|after the|permanently ! @x|archiv*|backup*|may|right to|guarantee"),
    ("retention-indefinite", "erase all|keep no copy|keep no copies|no copy is kept|no copies are kept|is destroyed on|are destroyed on|and erased on|nothing is kept|destroyed on the day ! none|not|@x|backup*|may|archiv*"),
    ("retention-indefinite", "~keep|~kept|~retain*|~store*|~stored|~hold|~copy|~copies|~indefinitely & indefinit*|for ever|forever|unlimited|after|copy|copies|longer|data|permanent*"),
    ("retention-indefinite", "@prov > indefinit*|forever|for ever|unlimited|perpetu*|permanent*|keep*|kept|retain*|store* ! @x|@y"),
    ("retention-indefinite", "@youdo > indefinit*|forever|for ever|unlimited|perpetu*|permanent*|keep*|kept|retain*|store* ! we|consent*|acknowledge|authorize|grant"),
    ("retention-indefinite", "nothing is kept by|backups included|including all backups & erased|deleted|kept ! may|not"),
    ("retention-indefinite", "and then erase|then erase*|and then delete|are then deleted|is then deleted|are then erased|is then erased ! unless|except|may|longer|indefinit*|anonym*|aggregat*"),
    ("retention-indefinite", "removed|erased|deleted > at once|immediately|straight away > cannot be restored|not be restored|cannot be recovered ! except|unless|may|backup*"),
    ("retention-period", "you must keep|you shall keep|must keep copies|sellers must keep|customer shall keep|customer must keep|you must retain|you are required to keep|you agree to keep|users must keep > years|months|days|0"),
    ("security-measures", "~encrypt|~encrypted|~protected|~secured|~secure|~protect|~take|no encryption|no safeguards|no security measures > transit|at rest|security|open to all|measures|encrypt*|staff ! @x|we use|we take|we have|implement*|guarantee|while|internet|100|completely|transmission*|you"),
    ("security-measures", "@need & encrypt*|protect*|secur* ! must|shall"),
    ("security-measures", "@youdo > encrypt*|secur*|protect*|firewall* ! we|our|consent*|if|may be"),
    ("security-measures", "you and not we|you and not us|you alone|customer alone|only you|only customer > protect*|secur*|encrypt* ! we use|we take|we have"),
    ("breach-notice", "breach of the house|breach of the rules|breach by you|your breach|breach of these terms|breach of contract|breach of this agreement ! security|data|personal|unauthori*"),
    ("breach-notice", "@we & breach*|leak*|hack*|stolen|incident*"),
    ("breach-notice", "@need & inform|notify|tell|report ! must|shall"),
    ("breach-notice", "~inform*|~notify|~tell|~report|~announce|~notif*"),
    ("breach-notice", "customer alone|customer shall|you alone|user shall > inform|notify|report ! we will|we shall|we notify|provider shall|provider will|we may"),
    ("data-loss-disclaimer", "we bear the risk|we accept liability|we will restore|we shall restore|we guarantee that|we keep copies|we make good|we are liable|we are responsible|we answer for|we back up > loss|lost|destroyed|files|data|copies|damage|cost|backups ! not|no|you are|cannot|only|unless"),
    ("data-loss-disclaimer", "@us & loss|lost|restore|backup*|back up|copies|destroyed ! @any|@bind"),
    ("data-loss-disclaimer", "we bear|we accept liability|we answer for|we restore > loss|lost|files|data|copies ! you are responsible|you must|you should|no liab*|no respons*|not liable|do not|cannot|extent|except|only|limited|cap*"),
    ("data-loss-disclaimer", "and not the customer|and not you|not the customer|and not the user|and not customer > responsible|liable|bear*|answer*"),
    ("data-loss-disclaimer", "we guarantee|we warrant > never be|will be|safe > accessed|lost|unauthori* ! not|cannot|do not|neither"),
    // Payments.
    ("auto-renewal", "does not renew automatically|do not renew automatically|not renew by itself|not renew automatically|not be renewed automatically|not renewed automatically|not automatically renew|not automatically renewed|stops of itself|ends of itself|ends by itself|stops by itself|ends automatically|end automatically|is over and|expires automatically|no automatic renewal ! unless you cancel|unless cancel*|trial|if you do not"),
    ("auto-renewal", "each loan of|loan of a book|books on loan > renew*"),
    ("auto-renewal", "@prov & renew*|automatic*|charge*|continu*|extend*|prolong* ! @x|@y"),
    ("auto-renewal", "@need & cancel|remember ! must|shall"),
    ("free-trial-conversion", "trial|first lesson|free > simply stops|simply ends|never becomes|not become*|not convert*|never convert*|~be charged|~charged|~charge|just ends|is over and|ends of itself|ends by itself|~turn into ! unless|until|if you cancel|cancel before|before|during|if you do not|but|refund*"),
    ("free-trial-conversion", "your access simply stops|access simply ends|access then ends|without any charge|without becoming|never becomes a paid ! unless"),
    ("free-trial-conversion", "@we & trial|free|convert*|becom* ! @x|@y"),
    ("free-trial-conversion", "~convert*|~becom*|~charge*|~turn into|~lead to|~pass into ! @xs"),
    ("free-trial-conversion", "charged nothing|pay nothing|owe nothing|not turn into|not become a paid|not convert & trial ! cancel*|until"),
    ("free-trial-conversion", "not be charged unless|never charged unless|no charge unless|not charged unless > choose|order|buy|subscribe|decide|upgrade"),
    ("no-refund", "not give up > withdraw*|refund*"),
    ("no-refund", "@us & refund*|repay|pay back|return* ! @any|@bind|you|if|may"),
    ("no-refund", "are refundable|is refundable|are refunded|is refunded|refunded in full|money back|repaid in full ! not refund*|nonrefundable|non refundable|not be|no refund*|not entitled|only|unless|except|if|within|may|any unused|will not|neither|nor|no"),
    ("no-refund", "is always refunded|are always refunded|refunds are never|refunds or credits are refused|refund is refused|refund is ever refused ! non refundable|not refundable"),
    ("no-refund", "fully refundable|refundable within|refunded within ! non refundable|nonrefundable|no refund*|not|except|unless|only|after"),
    ("price-change", "may not change the price|no right to raise|will not change the price|fees of today will stay|will stay the same|remain the same|stays the same|prices are fixed|price is fixed|fixed for|no right to increase|not increase the price|shall not increase ! @x"),
    ("price-change", "@we & price*|fee|fees|rate|rates|charge*"),
    ("price-change", "~change*|~increase*|~raise*|~rise|~introduc*|~adjust*|~altered"),
    ("price-change", "@youdo > price*|fee|fees|rate|rates|charge* ! @ours"),
    ("price-change", "@youdo > price*|fee|fees|rate|rates|charge* ! we|our|consent*|if|may be"),
    ("late-payment", "overdue|unpaid|late|not paid|in arrears > nevertheless not|~suspend|~charge|no fee|no interest|charge nothing|~claim interest|no late fee*|no charge|no penalty ! @x|may|reserve|we shall|you shall"),
    ("late-payment", "no interest|no late fee*|no reminder fee|charge no fee|charge no interest|nothing for the delay ! @x|may|if"),
    ("late-payment", "@we > overdue|late|unpaid|interest|delay|arrears"),
    ("late-payment", "@need & interest|fee|pay ! must|shall"),
    ("late-payment", "@us & we pay|interest ! @bind"),
    ("late-payment", "not bear interest|bears no interest|bear no interest|without interest|no interest is ! @xs|balance*|funds|held|hold|deposit*"),
    ("late-payment", "owes nothing more|owe nothing more|nothing is owed|owes no more ! unless|if"),
    ("penalties", "we must pay you|we shall pay you|we will pay you|provider shall pay|pay the customer|we owe you > penalt*|liquidated damages|sum of"),
    ("penalties", "@we & penalt*|liquidated|fine|fines"),
    ("penalties", "@need & pay|penalt* ! must|shall"),
    ("penalties", "@us & penalt*|liquidated|pay you ! @any|@bind|you|if|may"),
    ("penalties", "not agreed on|agreed on no|agreed no > liquidated|penalt* ! reasonable|estimate"),
    ("penalties", "no fine|no fee|no penalty|no penalties|no liquidated > charged|due|payable|owed|imposed ! @xs"),
    // Disputes: a right that is kept is not waived; what the provider may reject, the user may not.
    ("arbitration", "arbitrat* > withdrawn|abolished|no longer applies|not apply between|repealed|is hereby removed|has been removed|not agreed ! opt out|except|unless|if|class|severed|claims"),
    ("arbitration", "arbiter|referee|umpire > tournament|game|match|court ! arbitration agreement|binding"),
    ("arbitration", "@we & arbitrat* ! @x"),
    ("arbitration", "not agreed|not agree > arbitrat* ! if|opt out|unless|except|waive*|class"),
    ("arbitration", "not bound to|neither is bound|neither of us is bound|neither party is bound|nobody is bound|not obliged to|need not > arbitrat* ! unless|if"),
    ("arbitration", "and not by|rather than by|and not before > arbitrat* ! jury|waive*|class|unless|small claims|elect*|you may"),
    ("arbitration", "nothing > requires|obliges|compels|forces > arbitrat* ! except|unless|small claims|injunct*"),
    ("arbitration-opt-out", "no such choice|no right to opt out|cannot opt out of arbitration|may not opt out of arbitration|cannot reject this arbitration|no opt out from arbitration|no opt out of arbitration"),
    ("arbitration-opt-out", "@prov & opt out|reject*|refus*|opting out ! @x|@y"),
    ("arbitration-opt-out", "@any > opt out|reject*|refus*|opting out ! @x|@y"),
    ("arbitration-opt-out", "you may not|you cannot|you can not|no right to|not able to|not possible to > opt out|reject ! if you|unless|except|wish|may only|changes"),
    ("arbitration-opt-out", "alone may|only we may|company may|provider may|we alone > reject*|opt out ! you may|you can|your"),
    ("mass-arbitration", "on their own|without batches|without bellwether|no batch*|~batched|~be batched|~grouped|individually and at once ! opt out"),
    ("mass-arbitration", "@any & batch*|bellwether*|group*|coordinat*|together ! @x|@y"),
    ("mass-arbitration", "~batch*|~bellwether*|~group*|~joined|~heard together"),
    ("class-action-waiver", "you may bring|customers may bring|user may bring|users may bring|you may take part|members may bring|consumers may bring|you may join|you may participate|arbitrator may join|arbitrator may consolidate|arbitrator may preside|keep the right|retain the right|keeps the right|retains the right|reserve the right|reserves the right|keep your right|retain your right > class|collective|representative|consolidat* ! not|only|solely|waive*|individual basis|no|individual capacity|unless"),
    ("class-action-waiver", "nothing|~waive*|~give up|~limits|~limit|~affect*|~lose|~restrict*|~prevent* > right > class|collective|representative ! only|solely|individual|unless|except|arbitrat*|waiver"),
    ("class-action-waiver", "@may > class|collective|representative|join ! @no"),
    ("class-action-waiver", "need not|not required to > individual capacity|individually|individual > may be|may also > class|collective|representative ! must|waive*"),
    ("class-action-waiver", "no party shall be hindered|nothing prevents|nothing hinders|nobody is prevented|not be prevented|not be hindered|not be barred|shall be hindered > class|representative|consolidat*|join*"),
    ("class-action-waiver", "retain any right|retain the right|keep the right|keep any right|retain all rights|remain free > class|collective|representative ! waive*|not|no|individual*"),
    ("class-action-waiver", "no longer applies|no longer apply|has been removed > class|representative ! except|only"),
    ("governing-law", "you must comply|you undertake to obey|you must obey|you shall comply|comply with the laws|obey the laws|you will comply|you agree to comply|observe the laws > law|laws ! govern*|construed|interpret*"),
    ("governing-law", "agreed on no|no governing law|not agreed on a|not agreed on any|have not chosen > law ! without regard|except|unless"),
    ("governing-law", "contains no choice of law|no choice of law is made|left to be decided > law|rules"),
    ("exclusive-venue", "non exclusive|not exclusive|not have exclusive|no exclusive|either party may sue elsewhere|may also sue|may sue in any|place where the consumer lives|court of your choice|any court that is competent|any court of competent jurisdiction of your choice|any competent court ! agree*|irrevocabl*|exclusive jurisdiction|exclusively|injunct*|only in|must be|licen*|right"),
    ("exclusive-venue", "@any > exclusive*|only court*|bound ! @x"),
    ("exclusive-venue", "~exclusive*|~only court*"),
    ("exclusive-venue", "non exclusive jurisdiction|nonexclusive jurisdiction|either party may sue elsewhere|any other competent court|but need not|other court will do & court*"),
    ("informal-dispute-first", "may file a claim at once|may sue at once|file a claim at once|without any prior notice or attempt|need not negotiate|without negotiation|without prior negotiation|without trying to|without any attempt"),
    ("informal-dispute-first", "@need > negotiat*|informal*|notice|contact|first|mediat*|talk ! must|shall"),
    ("informal-dispute-first", "@us & answer|reply ! @bind"),
    ("user-dispute-release", "you keep every|keep all claims|~release|~releases|we will step in|we will mediate|we step in as mediator|we will help you > claim*|dispute* ! from any|hereby|no obligation|not obligated|not responsible|reserve|may"),
    ("user-dispute-release", "~release*"),
    ("user-dispute-release", "we are liable|we are responsible|we answer|we decide|decided by our|we resolve ! not|no|release*|neither|may|reserve"),
    ("injunctive-relief", "~seek an|~seek any|~entitled to|no party may seek|neither party may seek|may not seek|may seek no|only remedy|sole remedy is damages|waive*|no injunct* > injunct*|equitable relief|only remedy ! may seek injunctive|shall be entitled to|we may seek|us from seeking|prevent*|prohibit|except|may also|limit*|without|will be entitled|either party from"),
    ("injunctive-relief", "@we & injunct*|equitable"),
    ("injunctive-relief", "~seek an injunct*|~injunct*|~seek injunct*|~equitable"),
    ("injunctive-relief", "not entitled to|no right to|limited to a claim for money|not seek > injunct*|equitable ! you"),
    ("injunctive-relief", "we are nevertheless limited|we are not entitled|provider is not entitled|and not entitled to > injunct*"),
    // Liability: it is accepted, or it is the other side's.
    ("liability-exclusion", "you are liable|customer is liable|user is liable|you are responsible|you shall be liable|customer shall be liable > loss|damage|profit|consequential ! we are not|not be liable|not liable|in no event|no liability|exclude*|disclaim*|we shall not|not responsible|will not be|without liability"),
    ("liability-exclusion", "fully liable|full liability|liable without limit|unlimited liability|liability is unlimited|are liable for|is liable for|shall be liable for|accept liability|accepts liability|accept full|we are liable ! not|no|only|neither|nor|in no event|except|unless|exclude*|limited|extent|under no|never|you|customer|cannot|waive*|claim*"),
    ("liability-exclusion", "@us & loss|losses|damage*|liab* ! @any|@bind|you|if|may"),
    ("liability-exclusion", "we do not exclude|does not exclude|do not exclude|not exclude > liab* ! death|fraud*|injury|negligence|law|laws|not liable|no liab*|except|but|unless|extent|gross*|limit|illegal"),
    ("liability-exclusion", "nothing > excludes|exclude|limits|limit > liab* ! not liable|no liab*|subject to|except|maximum extent|fullest extent|disclaim*|lawfully|applicable law"),
    ("gross-negligence-exclusion", "accepts full liability|accept full liability|fully liable|accepts liability|accept liability|is liable for|are liable for|remains liable|remain liable|not exclude*|not limit*|nothing > death|injury|gross negligence|negligence|wilful|willful ! no|not liable|even if|not be liable|in no event|whether|whatsoever|unless|release*"),
    ("gross-negligence-exclusion", "@us & negligence|death|injury ! @bind"),
    ("liability-cap", "~limited|~capped|~be limited|~be capped|no cap|no limit|no upper limit|without limit|unlimited|no maximum|~subject to a cap > fees paid|amount*|to the|per parcel|liability|at least|sum|maximum|0|pounds|dollars|euros ! exceed|not exceed|but not limited|greater of|not limited to|in no event shall|limited to the"),
    ("liability-cap", "in no event shall|under no circumstances shall > liability > be limited to|be capped at ! exceed|more than"),
    ("liability-cap", "@us > liab*|damage* ! @any|@bind"),
    ("liability-cap", "whatever the amount|regardless of the amount > claim* ! not exceed|exceed|limited to|aggregate"),
    ("liability-carve-out", "override*|set aside|sets aside|prevail over|even our liability|take precedence over|including liability > mandatory|consumer|statutory|rights|wilful|fraud ! not|nothing|unless|except|prevail over these|shall prevail over"),
    ("liability-carve-out", "excludes and rules out|excludes our liability|we exclude liability|rules out > death|injury ! nothing|not exclude|does not|not limit|except|shall not|extent|unless"),
    ("liability-carve-out", "not liable|no liab*|not be liable|not responsible > even if|even where > gross negligence|wilful|willful|death|injury ! nothing|except|does not exclude|other than|unless"),
    ("liability-carve-out", "even those for|including those for|even for > fraud|death|injury|negligence ! nothing|not limit|except|does not"),
    ("warranty-disclaimer", "we warrant to you that|we guarantee to you that|provider warrants that ! not|no|disclaim*|except|without warrant*|as is|neither|cannot|limited"),
    ("warranty-disclaimer", "not merely as is|not as is|and not as is|not provided as is|not merely > as is|warrant*|guarantee ! disclaim*|without"),
    ("warranty-disclaimer", "@us & warrant*|guarantee*|as is ! @any|@bind"),
    ("warranty-disclaimer", "do not disclaim|not disclaim*|does not disclaim > warrant* ! except"),
    ("warranty-disclaimer", "not accepted as is|not supplied as is|not provided as is|not sold as is"),
    ("indemnity", "~obliged to|~required to|~indemnif*|~bound to|no duty to|no obligation to|need not|~have to > indemnif*|hold|defend|harmless ! @x|we are|we will|we do|we shall|settle|consent|if|extent|company|you will|apply|you agree|you shall"),
    ("indemnity", "neither party indemnif*|neither party shall indemnif*|neither party is obliged to indemnify|no party indemnif*|neither of us indemnif*|no indemnity|bears its own losses ! you agree|you shall|you will|user|customer|you hereby"),
    ("indemnity", "we will indemnify|we shall indemnify|we indemnify|we agree to indemnify|provider will indemnify|provider shall indemnify|company shall indemnify you|will indemnify you|will hold you harmless|will hold the customer harmless|hold you harmless|indemnify you|indemnify customer ! you agree|you will|you shall|each party|mutual*|customer shall|customer will|indemnified by you|reimburse|both|your indemn*|you must"),
    ("indemnity", "@we & indemnif*|defend|harmless ! @bind|@x"),
    ("indemnity", "@us > indemnif*|defend|harmless ! @bind"),
    ("indemnity", "@need > reimburse|indemnif*|compensate|defend ! must|shall"),
    ("indemnity", "provider shall|licensor shall|supplier shall|vendor shall > defend|indemnif* > customer|licensee ! customer shall|licensee shall|each party"),
    ("provider-indemnity", "~indemnif*|~hold|~defend|no duty to|no obligation to|~obliged to|~required to > customer|you|licensee|user > harmless|against|infring*|claim* ! you agree|you shall|you will|unless|except|other than|to the extent|settle"),
    ("provider-indemnity", "@prov > indemnif*|defend|harmless ! @x"),
    ("provider-indemnity", "@we & indemnif*|defend|harmless"),
    ("provider-indemnity", "@need & indemnif*|defend|harmless ! must|shall"),
    ("provider-indemnity", "~indemnif*|~defend|~hold|~stand behind|~indemnity"),
    ("provider-indemnity", "@youdo > indemnif*|defend|harmless ! we|consent*|acknowledge|authorize|grant"),
    ("third-party-disclaimer", "full responsibility|fully responsible|we are responsible for|we answer for|we are liable for|we guarantee|we accept responsibility|stand in > third part*|sellers|they sell|linked|partners|external|suppliers|seller ! not|no|never|you|neither|cannot|only"),
    ("third-party-disclaimer", "@us & third part*|seller*|responsib*|liab*|partner* ! @any|@bind|you|if|may"),
    ("third-party-disclaimer", "we take full|we take responsibility|we accept responsibility|we are responsible|we assume full|we assume responsibility|we vouch > content|links|sites|third|websites|products ! not|no|cannot|neither|nor"),
    ("force-majeure", "in breach none the less|even if|answerable|remain liable|remains liable|still liable|~excused|~excuse|liable even|nonetheless liable|nevertheless liable|~relieve* > war|strike*|flood*|beyond our|beyond the|force majeure|control ! not be liable|not liable|not responsible|no liability|neither|not be responsible|payment*|pay|no event"),
    ("force-majeure", "@us & strike*|war|beyond|control|liable ! @any|@bind"),
    ("force-majeure", "~release|~excuse|~relieve|nor > release us|release provider|excuse us|relieve us|free us|relieve provider ! @xs"),
    // Changes of the terms.
    ("change-without-notice", "~varied by us|~changed by us|no right to change|~varied|~amended|~changed|~modified > alone|both parties|signature|unilaterally|without your consent|without our mutual|agreement of both|written agreement|by us ! we may|reserve*|at any time"),
    ("change-without-notice", "but only after|only after|only if|only once > notice|agree|consent|notified|told ! without notice|at any time|not|from time to time|unless"),
    ("change-without-notice", "@any & change*|amend*|vary|varied|alter*|modif* ! @x|@y"),
    ("change-without-notice", "@we & change*|amend*|vary|varied|alter*|modif*"),
    ("change-without-notice", "~change*|~amend*|~vary|~varied|~alter*|~modif* ! @x"),
    ("change-without-notice", "@youdo > change*|amend*|vary|varied|alter*|modif* ! we|our|consent*|if|may be"),
    ("change-with-notice", "without notice|without prior notice|without notifying|without any notice|~send|~notify|~tell|~announce|no notice|without telling > terms|you|changes|revisions|change*|modif*|amend*|them|agreement|policy|revised ! we will notify|with or without|we will provide|will give|material changes|except|unless|however|but|will not|may not|shall not|cannot|not be made|email|prominent*|by posting|we may notify|provide*"),
    ("change-with-notice", "you must notify|you shall notify|you must inform|notify us|inform us|you must tell|you undertake to tell|you agree to notify|customer shall notify|tell us > change of|change in|changes to your|changes in|new address|change* ! we will|we may|notify you"),
    ("change-with-notice", "revisions|changes|amendments|change > ~send|~announce|~notify|without notice|without prior notice|no notice|~tell ! we will notify|unless|except|however|but|may not|cannot|will not|be effective|shall not|email|by posting|post*"),
    ("change-with-notice", "@prov & notify|notice|inform|tell|announce|e mail|email ! @x|@y"),
    ("change-with-notice", "@we & notify|notice|inform|tell|announce|e mail|email"),
    ("change-with-notice", "@need & inform|notify|tell|notice ! must|shall"),
    ("change-with-notice", "~notify|~inform|~tell|~announce|~send|~notice|~give notice|~write to you & change*|amend*|revis*|modif*|update*|new version|terms|notice"),
    ("change-continued-use", "~count as|~mean that you accept|~amount to|~constitute|~deemed|~treated as|~taken as|~imply > accept*|agree*|consent ! unless|until|waiver"),
    ("change-continued-use", "@any > continu*|go on|going on|accept* ! @x|@y"),
    ("change-continued-use", "@prov & continu*|go on|going on|accept* ! @x|@y"),
    ("change-continued-use", "~count as|~mean|~constitut*|~deemed|~amount to|~bind|~taken as|~imply|~treated as & continu*|go on|going on|keep using|after|use"),
    ("review-duty", "@need > check|review|visit|look|reread|consult|revisit|read ! encourage|should|responsib*|recommend|@x2"),
    ("review-duty", "@need & check*|review*|visit*|look|consult|read* ! must|shall"),
    ("review-duty", "@need & page|terms|policy ! must|shall"),
    ("review-duty", "@us & write to you|tell you|notify you|inform you ! @any|@bind|you|if|may"),
    ("accept-by-use", "by visiting|by using|use of|visiting|using|mere|merely > ~agree|~accept|~constitute|~bound|~bind|~mean|~amount ! if you|stop|discontinue|you agree|you may not|must not use|please|leave|you accept|and agree|agree to|and accept|unless|should not|agree that|acknowledge"),
    ("accept-by-use", "@prov & agree|bound|bind|accept*|mean ! @x|@y"),
    ("accept-by-use", "@we & agree|bound|bind|accept*|mean"),
    ("accept-by-use", "@need & agree|accept ! @x|must|shall|responsib*|agree"),
    ("accept-by-use", "~agree|~bound|~bind|~mean|~constitut*|~accept ! @x|@y"),
    ("accept-by-use", "by visiting|by using|by accessing|by browsing > you do not agree|not bound|does not mean|binds nobody|are not deemed ! if"),
    ("service-changes", "~withdraw|~suspend|~limit|~discontinue|~change|~remove|~modify|~stop|~reduce|~interrupt|no right to > service|services|functions|features|functionality ! @x|may|liable|you|reserve|guarantee|warrant|right to|materially"),
    ("service-changes", "~withdraw|~suspend|~limit|~discontinue|~change|~remove|~modify|~switch off|~reduce & service*|function*|feature*|product*|app"),
    ("service-changes", "no right to|may not|shall not|must not|not entitled to > change|remove|modify|discontinue|suspend ! considered|you|users|user|customer|@xs|liable"),
    ("incorporated-terms", "~form part|~part of|~incorporated|~be incorporated|~apply to|~supplement|no part of > terms|agreement|reference|contract ! @x|unless|third part*|shall not apply to the extent|govern*|warranties|united nations|convention|if|sale"),
    ("incorporated-terms", "~form part|~form a part|~part of|~incorporat*|~apply ! @x|@y"),
    ("incorporated-terms", "not form part|no part of these|not part of these|not incorporated|not part of this ! except|unless|following|other terms"),
    // Termination: who may end it is told by the subject.
    ("terminate-at-will", "you may terminate|you may close|you can close|you may end|you can terminate|you may cancel|you can cancel|user may terminate|customer may terminate|subscriber may terminate|you can end|members may end|you are free to close > any time|any reason|without cause|without giving|need not|settings|convenience|whenever ! we may|we can|either|or we|us|we|may also|terminated by|both|company may|or terminate|we reserve|reserves|each"),
    ("terminate-at-will", "may terminate|may end|terminate this agreement > only if|only for|only where|only in case|only on ! any reason|at any time|without cause|convenience|any time|no reason|we may|discretion"),
    ("terminate-at-will", "@prov > terminat*|end|close|suspend|cancel|block ! @x"),
    ("terminate-at-will", "@prov & terminat*|end|close|suspend|cancel|block ! @x|@y"),
    ("terminate-at-will", "~terminat*|~end|~close|~suspend|~cancel|~block|~end the|~at will|~without cause"),
    ("terminate-at-will", "never at our|not at our|never without > discretion|cause|reason ! @xs"),
    ("terminate-at-will", "has no right to|have no right to|we may not|must not|shall not|not entitled to > end|terminate|close|block|suspend > without cause|without reason|discretion|without notice|any reason ! you|unless|except"),
    ("terminate-for-cause", "without cause|no reason|for convenience|without giving|without any reason|without stating > notice|terminate|end|reason ! breach*|violat*|fail*|with or without|if|comply|cause or|for cause|believe|any or|and for any|infring*|terms|with cause|conduct|suspect*|fraud*"),
    ("terminate-for-cause", "@any & terminat*|end|close|suspend|cancel|block|breach ! @x|@y"),
    ("terminate-for-cause", "@youdo > terminat*|end|close|suspend|cancel|block|breach ! @ours"),
    ("terminate-for-cause", "@youdo > terminat*|end|close|suspend|cancel|block|breach ! we|our|consent*|if|may be"),
    ("terminate-for-cause", "whether or not > complied|breach*|violat* ! in the event of|if you breach|where you|only"),
    ("terminate-for-cause", "customer may|you may|user may|client may > terminate|cancel > provider|company|we|licensor > breach*|fail* ! we may|provider may|company may|either party|each party"),
    ("termination-notice", "~required to give|~obliged to give|~give notice|~warn|~obliged to warn|no duty to warn|no notice|without notice|without prior notice|without warning|~notify|~bound to give|~have to give|~required to notify > terminat*|suspend*|clos*|cure|end|breach|account|notice|days ! @x2|unless|except|notice to you|reasonable notice|however|with or without notice|we will notify|we will give|will provide|notice of breach|days notice|written notice|appeal|not terminate|not suspend|not be terminated"),
    ("termination-notice", "@any > notice|warn*|notify|cure|tell ! @x|@y"),
    ("termination-notice", "@need & notice|warn*|cure|tell|reason* ! must|shall"),
    ("termination-notice", "@youdo > notice|warn*|notify|cure|tell ! we|consent*|acknowledge|authorize|grant"),
    ("termination-notice", "may not appeal|no right to appeal|cannot appeal|no appeal ! notify|inform|notice"),
    ("user-may-leave", "@noright|you cannot|you may not|you can not|customer may not|user may not > terminate|cancel|close|leave|end|withdraw > account|agreement|contract|subscription|membership|services|term ! @x|you may terminate|you may cancel|you can cancel|we|another|transfer*|refund*|you can|access|at any time by|use|third part*|unsubscribe"),
    ("user-may-leave", "cannot be deleted|~be deleted|~be closed|~be cancelled|~be canceled|cannot be closed > by you|either by|before the end|by the user|during ! we|unless|except|data|may"),
    ("user-may-leave", "our moderators can|our staff can|our moderators may > close|end|terminate|cancel"),
    ("user-may-leave", "our moderators can|we may terminate|we may close|we can close|we may end|provider may terminate|operator may end|we can terminate > any time|any reason|without ! you may|you can|either|you or|you wish|you cancel|your right|you|user may|customer may|both|each"),
    ("user-may-leave", "you may not|you cannot|you can not|customer may not|no right to|not entitled to > cancel|terminate|leave|end|withdraw > before|during|until|term|contract ! except|unless|you may cancel|if|us|other than"),
    ("user-may-leave", "provider may|company may|licensor may|operator may|supplier may > terminate ! you may|customer may|user may|either party|each party|both parties|also"),
    ("effect-of-termination", "~end with it|~end|~lose|~forfeit*|~affect|~destroy|you may keep|may keep your|stays yours|~expire|~deleted > copies|rights|licen*|bought|access|data|balance ! @x|survive|accrued|if you|unless|we may|immediately|cease|termination shall not affect|terminate"),
    ("effect-of-termination", "@we & end|lose|forfeit*|destroy*|delet* ! @x"),
    ("effect-of-termination", "you keep access|you keep everything|delete none|we delete nothing|nothing is deleted ! will be deleted|may delete your|lose"),
    ("inactivity-closure", "~forfeited|~closed|~close|~delete|~deleted|~expire|~expires|~lose|stays yours|~lapse|~terminate > dormant|inactiv*|unused|however long|us|account|log ! @x|if you|may be|unless|may|will be|after|log in for|logged in"),
    ("inactivity-closure", "@we & dormant|inactiv*|unused|log in|logged in"),
    ("inactivity-closure", "~forfeit*|~closed|~close|~delete|~deleted|~expire*|~lapse*|~lose ! @x|@y"),
    ("inactivity-closure", "~forfeited|~closed|~deleted|stays yours|remains yours|~lapse|~expire & dormant|inactive|inactivity|unused ! @xs|we may"),
    ("reregistration-ban", "may return|may register again|may open a new|may create a new|may open another|may open several|may have more than one|may hold several|may register as many|free to open|may open as many|can open as many > account|accounts|once|new ! not|no|cannot|unless|only|without|never|except"),
    ("reregistration-ban", "@us & account* ! @any|@bind"),
    ("reregistration-ban", "@may & account*|register*|return|again ! @no|we may|@bind"),
    ("identity-accuracy", "language model|output|outputs|ai > inaccurate|incomplete|misleading|incorrect ! your account|registration|you provide|register|provide accurate|your information|identity"),
    ("identity-accuracy", "@we & real name|identity|verif*|accurate"),
    ("identity-accuracy", "@need & name|identity|accurate|true|particulars|information ! @x|must|shall|responsib*|agree"),
    ("identity-accuracy", "@us & accurate|correct|name|data ! @any|@bind"),
    ("identity-accuracy", "~real name|~verify|~proof of identity|~particulars|~check who"),
    ("account-security-duty", "@free > password|share|credentials|log in ! @no|we may|@bind"),
    ("account-security-duty", "@us & password*|account|secure|unauthori* ! @any|@bind|you|if|may"),
    ("account-security-duty", "you are not responsible|you are not liable|you bear no > account|password|guards|misuse ! must|shall|keep|you are responsible|if|unless|after"),
    ("account-security-duty", "we will notify you|we shall notify you|we will inform you|we will tell you > unauthori* ! you must|you shall|you are responsible|you agree|notify us|your account"),
    // Content and use: what is allowed is not banned, and a ban that binds the provider does not bind the user.
    ("content-assignment", "~assign|~transfer|~transferred|~pass to us|~assigned|~works made for hire|~work made for hire|remain the owner|you keep > copyright|rights|ownership|title|owner ! hereby assign|you assign|to any third party|agreement|shall not assign this|without our|may not assign|without|if|except|to the extent|however|you may not|you shall not|our|account|others"),
    ("content-assignment", "@we & assign*|copyright|owner*|transfer*|made for hire"),
    ("content-assignment", "~assign*|~transfer*|~made for hire|~works made|~pass to|~acquire|~ownership & copyright|right|rights|owner*|title|works|made for hire"),
    ("content-ownership-user", "and not you are|hereby assign|you assign|works made for hire|work made for hire|becomes ours|become our property|belongs to us|shall belong to us|passes to us ! you retain|you own|remain the owner|you keep|remains yours|retains|retain|not assign|not works|do not own|own your|remain|you will own"),
    ("content-ownership-user", "belong to provider|belong to us|belongs to us|property of provider|become our property|become the property|becomes the property|hereby assigns|hereby assign|hereby transfers ! you retain|customer retains|you own|remain*|retain*|keep*"),
    ("content-licence-limited", "perpetual|irrevocable|irrevocably|any purpose|any medium ! only|solely|limited|necessary|purpose of|provide|providing|operate|operating|in order to|services|improve|service|needed|required|extent|perform"),
    ("content-licence-broad", "no longer|sole purpose|only to|solely to|solely for|as long as it is > operat*|show|display|site|service|storing|provid* ! perpetual|irrevocable|sublicens*|royalty free|worldwide|transferable|derivative|modify|promot*|grant"),
    ("content-licence-broad", "~grant*|~give us|~licen*|~claim"),
    ("feedback-licence", "~use|only with your|only after|only against > suggestion*|feedback|ideas|consent|fee ! free|any|without|may not|perpetual|use any|no obligation|unsolicited|submit|we may use"),
    ("feedback-licence", "suggestion*|feedback|ideas > only with your|only with your written|~use them|~used without|against a fee|we pay you|we will pay you|stay yours|remain yours|remains yours ! royalty|perpetual|irrevocabl*|no obligation|unsolicited"),
    ("feedback-licence", "@we & suggestion*|feedback|ideas"),
    ("feedback-licence", "~use|~own|~exploit & suggestion*|feedback|ideas|proposal* ! @x"),
    ("feedback-licence", "you may use our|you can use our|our own ideas|our suggestions ! you grant|we may|we shall|we can|we are free"),
    ("likeness-use", "we may not use|we will not use|we never use|~use your name|~use your likeness|~use your picture|~use your image|~use your photo*|~show your > name|likeness|image|photograph*|voice|picture|photo|advertising|face ! you may not|you will not|you shall not|you grant|unless|except|password|information to|data|impersonat*|sell|opt out|but"),
    ("likeness-use", "@prov > name|likeness|image|photo*|voice|picture"),
    ("likeness-use", "~use|~show|~publish|~likeness & name|likeness|image|photo*|voice|picture|face|portrait"),
    ("content-removal", "~remove|~hide|~delete|~take down|~edit|no right to take down|no right to remove|~demote|~refuse|~censor|no right to delete > content|reviews|post*|material*|listings|submissions|comments ! @x|obligation|may remove|right to remove|reserve*|obligated|may|guarantee|duty|you|copyright*|proprietary|liab*|responsib*"),
    ("content-removal", "we will never remove|we never remove|we have no right to take down|we have no right to remove|we do not remove|we do not take down|we will not remove|we will not take down > content|post*|reviews|listings|comments|material ! @x|if"),
    ("content-removal", "@need & remove|delete ! @x|@y|must|shall|responsib*|agree*"),
    ("content-removal", "@youdo > remov*|delet*|hide|take down|edit|block* ! we|our|consent*|if|may be"),
    ("content-monitoring", "~read|~listen|~monitor|~scan|~look at|~moderate|~screen|~inspect|~open > chats|messages|mail|conversations|files|content|private|photos|what you ! @x|obligat*|reserve*|may|right|duty|responsib*|guarantee|but we|you will|you may|you shall|endors*|liab*|however|control|all"),
    ("content-monitoring", "@youdo > read|reads|monitor*|scan*|moderat*|screen*|review*|listen*|watch* ! we|consent*|acknowledge|authorize|grant"),
    ("content-responsibility", "we alone are responsible|we are solely responsible|we are responsible for the content|we take full responsibility for|operator alone is responsible|provider is solely responsible|we are responsible for obtaining|you are not responsible for ! you are responsible|you are solely|you alone|you represent|not responsible for any|not responsible for your"),
    ("content-responsibility", "@us & content|responsib*|rights ! @bind"),
    ("content-responsibility", "@weown & rights|responsib*|licen*|permission ! @bind|you may not|users may not|you|users"),
    ("public-content", "~public|~visible|~shown|~see|no one else can|nobody else can|no other user|~publish*|~index*|~be seen|nobody but you > users|public|anyone|else|search engine*|see|profile|internet|people ! @x|should|guarantee|may|if|you post|liab*|unless"),
    ("public-content", "@we > public*|visible|anyone|other users|seen ! @x|@y"),
    ("public-content", "are private|is private|nobody but you|only you can see|no one but you|nobody else can see|cannot index ! unless|public|everyone|if you|except|not"),
    ("public-content", "nobody but you|no one but you|nobody else > see|read|find ! unless|public|everyone|if you|except"),
    ("provider-ip", "given up|public domain|no rights in|~claim any rights in|~own|dedicated to the public|~reserve any|waive* > public domain|us|site|texts|trademark*|copyright*|everyone|we ! reserved|retain*|owned by|property|all right|may not|not in the public domain|licensors|belong to us|is owned|license*|protected|you|your|our"),
    ("provider-ip", "@may & trademark*|logo*|name|copy|design* ! @no"),
    ("provider-ip", "not our property|no rights in them|claim no rights|not owned by us ! your content|you own|remain*|all rights"),
    ("provider-ip", "owned by you > and not by ! we own|our|licensor*|all rights"),
    ("acceptable-conduct", "our staff will never|our staff will not|our employees will never|our moderators will not|we ourselves will > insult|threaten|harass|abuse|discriminate|offend"),
    ("acceptable-conduct", "@need & respect|comply|obey ! must|shall"),
    ("acceptable-conduct", "@free > insult|post|publish|upload|satire|parody ! @no"),
    ("acceptable-conduct", "@may & insult|post|publish|upload|satire|parody ! @no"),
    ("acceptable-conduct", "users may report|members may report|you may report > people|users|members|others ! not|must|shall|prohibit*|agree|content|violat*"),
    ("noncommercial-only", "@may > commercial*|resale|resell|business|sell|redistribut* ! @no|non commercial|noncommercial|personal|internal|your own"),
    ("noncommercial-only", "private and commercial purposes alike|commercial and non commercial|for any purpose including commercial|including commercially|commercial use is allowed|commercial use is permitted|resale included|even commercially|also commercially ! not|no|without|may be used only"),
    ("noncommercial-only", "both personal and commercial|personal and commercial purposes|personal or commercial|commercial use is allowed|commercial use is permitted|resale is allowed ! not|only|solely|no|without"),
    ("benchmark-publicity-ban", "@may > publish|disclose|share|post > benchmark*|reviews|test results|criticis* ! not|no|must|prohibit*|unless|except|only|with our|never"),
    ("benchmark-publicity-ban", "@freed > reverse engineer*|decompil*|disassembl*|compet*|scrap*|crawl*|extract*|train*|benchmark*|develop*|use outputs|weights ! except|unless|only|provided|law|you may not"),
    ("benchmark-publicity-ban", "@may > publish|disclose|share|release > benchmark*|results|review*|test* ! only|provided|unless|must|prior|may not|not to|shall not"),
    ("security-circumvention-ban", "@may > circumvent|bypass|probe|scan|penetration test*|test the security|hack|security ! @no|we may|contact|responsib*"),
    ("security-circumvention-ban", "@free & circumvent*|bypass*|probe*|scan*|vulnerabilit*|security|penetration ! @no"),
    ("spam-ban", "@may > unsolicited|bulk|newsletters|promotional|mass mail*|advertis* ! @no|we may|opt out|unsubscribe|we|receive|consent*"),
    ("spam-ban", "@need & consent|permission ! must|shall"),
    ("spam-ban", "@free > unsolicited|bulk|advert*|promot*|newsletter*|mass ! @no"),
    ("spam-ban", "we shall not|we will not|we do not|we never|we must not > send|spam|use > bulk|spam|unsolicited|not asked ! you may not|you agree|you shall|you must|users|tolerate|permit|allow"),
    ("scraping-ban", "scrap*|crawl*|extract*|bots|robots|spiders|automated programs|data mining > is welcome|are welcome|are admitted|is admitted|is allowed|are allowed|is permitted|are permitted|may be extracted|no permission is needed|~prohibited|~forbidden ! only|except|unless|not permitted|not allowed|provided|robots txt|search engine*|prior|may not|must"),
    ("scraping-ban", "@freed > reverse engineer*|decompil*|disassembl*|compet*|scrap*|crawl*|extract*|train*|benchmark*|develop*|use outputs|weights ! except|unless|only|provided|law|you may not"),
    ("scraping-ban", "@usneg > train*|compet*|scrap*|reverse engineer*|decompil*|distil* ! you may not|you must not|you agree|you shall not|you will not|users|liab*|third part*|customer"),
    ("scraping-ban", "@need & permission|consent|ask ! must|shall"),
    ("scraping-ban", "@free > scrap*|crawl*|extract*|bot|bots|robot*|spider*|harvest*|automat*|script*|program* ! @no"),
    ("scraping-ban", "we use|we employ|we operate|we run|we send > crawler*|bots|robots|scrap*|spider* ! you|not|detect*|prevent*|no"),
    ("reverse-engineering-ban", "@freed > reverse engineer*|decompil*|disassembl*|compet*|scrap*|crawl*|extract*|train*|benchmark*|develop*|use outputs|weights ! except|unless|only|provided|law|you may not"),
    ("reverse-engineering-ban", "@usneg > train*|compet*|scrap*|reverse engineer*|decompil*|distil* ! you may not|you must not|you agree|you shall not|you will not|users|liab*|third part*|customer"),
    ("reverse-engineering-ban", "@free & reverse engineer*|decompil*|disassembl*|source code|weights|inspect ! @no"),
    ("reverse-engineering-ban", "at liberty to|free to|is allowed to|are allowed to|is welcome to > decompil*|disassembl*|reverse engineer* ! not|no|never|only"),
    ("reverse-engineering-ban", "nothing > prevents you|prohibits you|forbids you|stops you > decompil*|disassembl*|reverse engineer*"),
    ("competing-use-ban", "@freed > reverse engineer*|decompil*|disassembl*|compet*|scrap*|crawl*|extract*|train*|benchmark*|develop*|use outputs|weights ! except|unless|only|provided|law|you may not"),
    ("competing-use-ban", "@may > compet*|rival ! @no|we may|reserve*|third part*|promotion|competition|contest|our competitors|we"),
    ("competing-use-ban", "@usneg > train*|compet*|scrap*|reverse engineer*|decompil*|distil* ! you may not|you must not|you agree|you shall not|you will not|users|liab*|third part*|customer"),
    ("competing-use-ban", "@free & compet*|rival|similar product ! @no"),
    ("ai-competing-model-ban", "@freed > reverse engineer*|decompil*|disassembl*|compet*|scrap*|crawl*|extract*|train*|benchmark*|develop*|use outputs|weights ! except|unless|only|provided|law|you may not"),
    ("ai-competing-model-ban", "@may > train*|distil*|fine tun* > model*|ai|machine learning ! @no|we may|our models|opt out|to improve our|we use|your content|us"),
    ("ai-competing-model-ban", "@usneg > train*|compet*|scrap*|reverse engineer*|decompil*|distil* ! you may not|you must not|you agree|you shall not|you will not|users|liab*|third part*|customer"),
    ("ai-competing-model-ban", "@free & train*|distil*|fine tun*|compet* ! @no"),
    ("ai-competing-model-ban", "@weown > train*|distil*|fine tun*|compet* ! @bind|you may not|you agree|users|third part*|if"),
    // Artificial intelligence.
    ("ai-training-on-user-data", "we do not|we will not|we shall not|we never|we will never|we cannot|and never|nor do we|nor will we > use|used|train|improve|develop|feed > train*|model*|machine learning|artificial intelligence|ai ! @x|you may not|you must not|you shall not|users may not|customer shall not|opt out|if you do not|may use your|opted out|you will not|we may|de identified|anonymi*|by default|sell"),
    ("ai-training-on-user-data", "~use customer*|~use your|~use content|~use inputs|~use prompts|~use the prompts|~used|~train|~trained > train*|model*|machine learning|artificial intelligence|ai ! @x|you may not|you must not|you shall not|users may not|customer shall not|opt out|if you do not|may use your|opted out|you will not|we may|de identified|anonymi*|by default|sell"),
    ("ai-training-on-user-data", "~use yours|~train* > train|them|your|model* ! @x|you may not|you must not|opt out|you shall not|you will not|opted"),
    ("ai-training-on-user-data", "unless > opted in|opts in|has consented|have consented|agreed in writing|gives consent|you opt in > ~use|~train|~be used ! opted out"),
    ("ai-training-on-user-data", "train new members|train our staff|train our employees|training of staff|staff training|train staff|train employees|train our support|training our staff|train our agents|training new ! model*|machine learning|ai|artificial intelligence|algorithm*"),
    ("ai-training-on-user-data", "@free & you may use|you may train|you are free to use|customer may use ! @no"),
    ("ai-training-on-user-data", "@youdo > train*|model*|machine learning|ai|artificial intelligence ! @ours"),
    ("ai-training-on-user-data", "never and will never|are never|will never be|is never|not and will not > train*|develop*|learn* ! @x"),
    ("ai-training-on-user-data", "but never to|under no circumstances be|forbidden by contract|are forbidden to > train*|develop* ! @xs"),
    ("ai-training-on-user-data", "cease to use|stop using|no longer use > train* ! until|unless"),
    ("ai-training-choice", "cannot turn off|can not turn off|cannot opt out|can not opt out|may not opt out|no way to opt out|no opt out|~possible to opt out|no right to opt out|~turn it off|no setting|~object|cannot be turned off|cannot be switched off|cannot switch off|cannot disable|no choice|cannot refuse > train*|model*|ai|machine learning|chats|data ! unless|except|consent|but you can|without your"),
    ("ai-training-choice", "you shall not use|you may not use|you must not use|you will not use|users may not use|you agree not to use|customer shall not use|customer may not use|user shall not use > train*|model*|machine learning ! we will not|we do not|we never|opt out|opt in|your content|customer content|customer data|your data"),
    ("ai-training-choice", "@we & opt out|turn off|switch off|object|disable|choice|switched off|turned off ! @x"),
    ("ai-training-choice", "@we > opt out|turn off|switch off|object|disable|choice|switched off|turned off"),
    ("ai-training-choice", "not possible to|no way to|no right to|no means to|not able to > opt out|object|refuse|switch off ! if|unless"),
    ("ai-training-choice", "will begin to|begin to use|start to use > train* ! opt out|not|never|unless|object|consent"),
    ("ai-data-mining-reservation", "waive*|we shall not use|we will not use|we do not use|we never use|~object|~reserve > mining|training data|train*|machine learning|artificial intelligence ! you may not|you shall not|you must not|without|third part*|prohibit*|users|may not|opt out|except|reserves all|expressly reserv*|reserves its"),
    ("ai-data-mining-reservation", "@may|is allowed|are allowed|is permitted|is welcome|we permit|we allow|free for everyone > mining|train*|language model* ! @no|we may|opt out|reserv*|we|our|your"),
    ("ai-data-mining-reservation", "@free & mining|train*|model* ! @no"),
    ("ai-data-mining-reservation", "permits|permit|allows|allow|welcome > data mining ! not|no|without|prohibit*|reserv*|only|except|unless"),
    ("ai-data-mining-reservation", "data mining > is permitted|is allowed|are permitted ! not|no|without|reserv*|only|except|unless"),
    ("ai-output-disclaimer", "never wrong|always correct|always accurate|safely rely|are never wrong|is never wrong|are correct|always true|has checked each|checked by a|we guarantee that|we warrant that & rely|accura*|incomplete|answer*|output*|correct|checked|wrong|model ! may be|not|no|cannot|you must|verify"),
    ("ai-output-disclaimer", "@need > check|verify|review|rely|checking|verifying ! @x|responsib*|must|should|may be|monitor|we are|us|content|to review"),
    ("ai-output-disclaimer", "you enter|you provide|you submit|that you give > must not be > inaccurate|incomplete|misleading|false ! output|outputs|ai|model"),
    ("ai-output-disclaimer", "@need & check*|verify*|review* ! must|shall"),
    ("ai-output-disclaimer", "you can rely|you may rely|free to rely|you may trust|can be relied ! not|no|never|cannot|only|without|until"),
    ("ai-output-disclaimer", "~contain|has been verified|have been verified|always correct|always accurate > errors|qualified|correct|accurate|mistakes ! may|guarantee*|warrant*|represent*|not be|not been|whether"),
    ("ai-output-ownership", "belong to us|belongs to us|are ours|is ours|we keep all rights|we own the output|remain our property|remains our property|~belong to|~assign|shown only to ! you own|you retain|your|we assign|you keep|customer owns|assign to you|assigns to"),
    ("ai-output-ownership", "@we > own|belong*|assign*|output*"),
    ("ai-prohibited-uses", "we the developers|@usneg > generate|deepfake*|weapon*|surveillance ! you|users|third part*|customers"),
    ("ai-prohibited-uses", "@free > deepfake*|generate|weapon*|political|images|create ! @no"),
    ("ai-prohibited-uses", "@free & deepfake*|generate|weapon*|political|images|create ! @no|we|agree*|@bind"),
    ("ai-prohibited-uses", "@weown > deepfake*|generate|weapon*|political|images|create ! @bind|you may not|you agree|users|third part*|if"),
    ("ai-prohibited-uses", "@weown & deepfake*|generate|weapon*|political|images|create ! @bind|you may not|users may not|you|users"),
    ("ai-features-third-party", "no artificial intelligence|no ai|no language model|~use artificial|~use ai|~sent to any|nothing leaves|no third party ai|~send any|on your own device|runs on your device|stays on your|our own model*|our own servers|without any outside|~leave your ! third part*|openai|except|unless|may|but|partners|google|train*|guarantee"),
    ("ai-features-third-party", "@we & ai|artificial intelligence|language model*|third part*|provider*|openai"),
    ("automated-decisions", "never solely|not solely|no algorithm*|no automated decision*|~automated|~solely automated|~decided by software|~decided by an algorithm|~make automated|~make solely|~make decisions|~use automated|~subject to automated|~carry out profiling|~engage in automated|~take decisions|takes no part|take no part|~taken by an algorithm|no decision|~profil* > automat*|algorithm*|software|scores|them|profiling|decid*|part in it|computer|machine ! @x|right not|right to|subject to a decision based solely|not to be subject|object|we may|use|if|consent|human review"),
    ("automated-decisions", "~use automated decision*|~make automated decision*|~use automated individual|no automated decision making|not use automat* decision|~engage in automated decision*|~engage in automated profiling|no automated individual|~carry out automated|~conduct automated ! right|object|unless|except|without|but"),
    ("automated-decisions", "decided by our staff|decided by a member|decided by people|read by two people|decided by a person|reviewed by a person|by a clerk ! automatically|algorithm which|solely automated|right"),
    ("automated-decisions", "@prov & automat*|algorithm*|software|profil*|computer*|machine* ! @x|@y"),
    ("automated-decisions", "@we & automat*|algorithm*|software|profil*|computer*|machine*"),
    ("automated-decisions", "~automat*|~algorithm*|~software|~decided by|~solely|~profil*|~computer*|~machine*"),
    ("automated-decisions", "@youdo > automat*|algorithm*|software|profil*|computer*|machine* ! we|our|consent*|if|may be"),
    // Privacy rights: what the provider may ask of the user is no right of the user.
    ("rights-access-deletion", "@noright|~comply with such|~answer|~grant access|~give access|~fulfil|~delete at your|~honour|~honor such > access|delet*|eras*|correct*|requests ! @x|right to|you may|you can|may ask|guarantee|obligat*|liab*|third part*|if you are|identity|if we|verif*|retain|sufficient|in some|may not be able|certain"),
    ("rights-access-deletion", "we may ask you|we can ask you|we may require you > access ! your personal data|right"),
    ("rights-access-deletion", "@any > access|delet*|eras*|correct*|copy ! @x|@y"),
    ("rights-access-deletion", "@wedo > access|delet*|eras*|correct*|copy ! you may|you can|you have|right to|request*|your"),
    ("rights-access-deletion", "never be erased|never be deleted|cannot be erased|cannot be deleted ! you may|you can|right to|some|certain|except|may be unable|we will|you have"),
    ("rights-access-deletion", "you do not have the right|you have no right|not have a right > obtain|copy|access|correct*|delet*|erase* ! if|except|unless|some|depending|may|where"),
    ("rights-object", "we may object|we can object|@noright|you cannot object|you may not object|~object|~withdraw|cannot restrict > object|withdraw*|restrict*|choice|processing|consent ! @x|you may object|right to object|you have the right|you can|you may|right to|if|opt out|may withdraw"),
    ("rights-object", "@we & object*|withdraw*|restrict* ! @x|@y"),
    ("rights-object", "~object|~withdraw|~restrict|~right to object"),
    ("rights-object", "cannot be withdrawn|can not be withdrawn|may not be withdrawn|may not withdraw|cannot withdraw ! unless|except|if"),
    ("rights-appeal-complaint", "we reserve the right to complain|we may complain about you|we may report you"),
    ("rights-appeal-complaint", "@prov & complain*|authority|appeal* ! @x|@y"),
    ("rights-appeal-complaint", "~complain*|~appeal*|~right to complain"),
    ("rights-portability", "@noright|~export*|~portab*|~download*|~provide a copy|~hand you a copy|no export|cannot export|cannot download|no copy > export*|download|copy|portab*|machine readable|another provider|format ! @x|right to data portability|you have the right|you may|you can|law*|licen*|software|content|country|sanction*|virus*|device|computer"),
    ("rights-portability", "@any & portab*|export*|download*|machine readable|another provider ! @x|@y"),
    ("rights-portability", "~export*|~portab*|~download*|~hand over|~copy|~transfer your"),
    ("minimum-age", "no minimum age|no age limit|any age|all ages|of every age|regardless of age|regardless of their age|whatever your age|whatever age|need not be ! must|at least|under|parent*|older|minor|child*|not|years of age"),
    ("minimum-age", "@need & years|age|old ! must|shall"),
    ("minimum-age", "@may & any age|age|children ! @no|we may|@bind"),
    ("minimum-age", "@may > any age|age|children ! @no"),
    ("minimum-age", "~minimum age|~age limit|~sixteen|~years old"),
    ("children-data", "school play|playground"),
    ("verification-of-requests", "~verify|~ask for proof|~check who|~ask you to prove|~require proof|no proof of identity|without verifying|without checking|~need to prove > identity|who you are|agent|proof|request* ! @x|unable|cannot verify|can not verify|if we|if you|must|until|we cannot|may|obligation|does not|password"),
    ("verification-of-requests", "@any > verif*|identity|proof ! @x|@y"),
    ("verification-of-requests", "@need & verif*|prove|identity|proof ! must|shall"),
    ("verification-of-requests", "~verify*|~proof|~ask for proof|~check your identity|~identity ! @x|@y"),
    ("verification-of-requests", "we do not verify|not verify your|no verification|without verifying|without checking > identity|request*|proof|authority ! if|unless|until|except|cannot|may not|may be unable"),
    ("consent-bundled", "~consent|~mean that you consent|~taken as consent|~treated as consent|~constitute consent|~amount to consent|~imply consent > by using|using|use of|consent|privacy ! if you do not|if you|may not|without|unless|object|you consent|withdraw*|not be able|you agree"),
    ("consent-bundled", "@prov & consent*|agree* ! @x|@y"),
    ("consent-bundled", "@any > consent*|agree* ! @x|@y"),
    ("consent-bundled", "@need & consent*|agree* ! must|shall"),
    ("consent-bundled", "~consent*|~mean that you|~taken as"),
    ("regional-notice", "~apply to residents|~apply to california|no special rights|same rights|~depend on where you live ! california residents have|you have"),
    ("regional-notice", "@any > california|resident* ! @x|@y"),
    ("regional-notice", "@we > california|resident*"),
    ("regional-notice", "@need & california|resident* ! must|shall"),
    ("lawful-basis", "@we & legal basis|legitimate interest*|lawful basis"),
    // Licence, interfaces, general clauses.
    ("publicity-rights", "~use|~mention|~name|~identify|~list|~refer > logo*|as a customer|as a client|as a reference|customer list|publicity|press release*|marketing materials|references ! @x|we may|right to|party|prior|consent|you may not|you shall not|trademark*|you will not|customer shall not|without"),
    ("publicity-rights", "@any & logo*|name|client|customer list|reference*|mention* ! @x|@y"),
    ("confidentiality", "may disclose confidential information > any third party|anyone|everybody|whom it likes ! not|only|law|need|extent|employees|legal*|if"),
    ("confidentiality", "@need & secret|confiden*|information ! must|shall"),
    ("confidentiality", "@us & publish ! @bind"),
    ("confidentiality", "not confidential|no duty of secrecy|no obligation of confid*|not be treated as confidential|not be confidential|no duty of confid* ! except|confidential information|shall not disclose|must not disclose|keep"),
    ("confidentiality", "gives no undertaking|no undertaking|no duty to keep|need not keep & secret*|confiden*"),
    ("audit-rights", "no right to audit|~audit|no right to inspect|~inspect|no audits|~ask for it ! @x|liab*|obligation|may audit|right to audit|reserve*|more than once|responsib*|interfere|disrupt|financial*|unaudited"),
    ("audit-rights", "customer may|customer shall have the right|you may audit|you may inspect|customers may|you have the right > audit|inspect ! us to audit|provider may|we may|we reserve|your compliance"),
    ("audit-rights", "@prov & audit*|inspect*"),
    ("audit-rights", "@need & audit*|inspect*|records|books ! must|shall"),
    ("audit-rights", "@us & you audit|you inspect|audit ! @bind"),
    ("audit-rights", "~audit*|~inspect*|~check your|~examine"),
    ("sla", "~guarantee|~undertak*|no undertaking|~promise*|no promise|promises no|no guarantee|no commitment|~commit|~warrant|no service level* > available|availability|uptime|response|interrupt*|tickets|downtime|support|time of response ! @x|credit*|99|percent|uptime of|sla"),
    ("sla", "@we & availab*|uptime|response|support|service level*|credit*"),
    ("sla", "@need & availab*|answer|response|support|repair ! must|shall"),
    ("sla", "~guarantee*|~undertak*|~promise*|~commit*|~warrant*|~service level*|~credit*|~service credit* & availab*|uptime|respon*|support|service level*|interrupt*|credit*"),
    ("sla", "customer shall keep|customer must keep|you must keep|you shall keep|neither by uptime > available|uptime|connection|credits"),
    ("assignment", "you may not assign administrator|assign administrator|assign roles|assign a role|assign tasks|photos|contacts from > roles|role|device|tasks|old phone|another device|guests ! agreement|contract|rights|obligations"),
    ("assignment", "hereby assign to us|assign to us all|assigns to us|hereby assigns > rights|right|title ! this agreement|these terms|consent|may not assign"),
    ("assignment", "may assign > homework|tasks|seat*|room*|pupils ! agreement|rights|obligations"),
    ("service-licence", "~grant you|~grant you a|no licence is granted|no license is granted|~granted a licence|~granted a license|~give you any licence ! we grant|hereby grant*|except|other than|only|subject to|you are granted|limited license|limited licence|expressly|any right|any other|implied|estoppel|ownership|but|trademark*|all rights"),
    ("service-licence", "@we & grant*|licen* ! @x"),
    ("service-licence", "nothing > grants you|construed as granting|confers > licen*|right* ! except|other than|we grant|hereby grant*|you are granted"),
    ("licence-grant-open", "is hereby refused|permission is refused|no permission|~granted|refused to every|~grant permission > use|copy|modify|distribute ! permission is hereby granted|subject to|hereby grants|you may|except|name*|trademark*|all rights"),
    ("licence-grant-open", "~grant*|~permission|~licen*|~permit* & copy|modify|distribute|software|licence|license|use"),
    ("attribution-duty", "@need > name|credit|attribut*|notice|mention|contain the word|author|logo|acknowledg* ! @x|must|shall|you grant|royalt*|compens*|we"),
    ("attribution-duty", "without attribution|no attribution is required|attribution is not required|no credit is required|no attribution needed ! must|you grant|us|we"),
    ("attribution-duty", "@need & name|credit|attribut*|notice*|mention|author|contain|logo|acknowledg* ! @x|must|shall|responsib*|agree"),
    ("attribution-duty", "@us & name you|credit you|your name ! @bind"),
    ("copyleft", "under any licence|under any license|under a licence of your choice|any licence that you like|under other licences|under different terms|without their source code|proprietary licence|closed source|under your own licence|~publish the source|need not publish the source|terms of your choice ! must|same licence|same license|provided|under this license|under the terms of this|you must|may add|compatible|only"),
    ("copyleft", "@need & source code|same licence|same license|share|publish ! must|shall"),
    ("copyleft", "@free & any licence|any license|own licence|proprietary|closed|under other ! @no"),
    ("api-limits", "you may send|you may make|no limit on the number|no rate limit*|no quota*|unlimited|as many requests|as many calls|without any limit > requests|calls|api*|key|quota* ! not|only|exceed|up to|limit*|at most|except|fair"),
    ("api-limits", "@need & limit*|key*|quota*|request* ! must|shall"),
    ("api-limits", "@may & request*|calls|api*|cache*|store ! @no|we|agree*|@bind"),
    ("api-limits", "not limited in|~rate limited|no limit on|unlimited > number|rate|calls|requests ! except|unless|but not|not limited to|you may not|you shall not|must not|exceed"),
    ("severability", "other provisions fall|whole contract is void|whole agreement is void|entire agreement is void|falls with it|fall with it|entire agreement shall be|void as a whole|the rest falls|not remain in force ! remain in full|remaining provisions|shall remain in effect"),
    ("severability", "@we > remain*|force|severab*"),
    ("severability", "~remain in|~remain valid|~severab*|~stand"),
    ("effective-date", "your profile was last updated|your account was last updated|last updated your profile|when your profile|order was last updated|product was last updated ! policy|terms|agreement"),
    ("eligibility-authority", "~ask you to warrant|~ask you to prove|~require you to prove|@need|~check whether > authority|bind|capacity|authori* ! @x|must|you represent|represent that|agree|law enforcement|monitor"),
    ("eligibility-authority", "@need & authority|bind|prove|warrant|capacity ! must|shall"),
    ("eligibility-authority", "we do not require|do not ask you|not required to > represent|warrant|age|capable|authority ! must|if|under"),
    ("copyright-takedown", "no agent|no procedure|~remove|take nothing down|~take down|no designated agent|~handle copyright > notices|copyright*|infring*|takedown*|nothing down ! @x|may|false|if|you|dmca|counter|repeat"),
    ("copyright-takedown", "@we & takedown|take down|notices|agent|procedure"),
    ("copyright-takedown", "@need & remove|take down|answer ! must|shall"),
    ("copyright-takedown", "~take down|~agent|~procedure|~takedown*|~handle"),
    ("copyright-takedown", "you must not|you may not|you shall not > post|upload|share > infring* ! notice*|notify|remove*|terminat*|dmca|report*|complain*|claim*"),
    ("entire-agreement", "~entire agreement|~whole agreement|~the entire|~supersede*|~replace|also form part|remain in force > agreement*|prior|earlier|understanding* ! @x|constitute the|supersedes|shall supersede|entire agreement between|extent|reliance|relied|mandatory"),
    ("entire-agreement", "@prov & entire|supersed*|whole|prevail*|replace*"),
    ("moral-rights-waiver", "@we & moral"),
    ("moral-rights-waiver", "~waive*|~give up|~moral right*|~renounce & moral|author"),
    ("moral-rights-waiver", "remains free to|keeps the|retains the|may assert|free to assert|remain entitled > moral ! waive*|not to|agree*"),
    ("ai-disclosure-duty", "@we & label*|disclos*|generated|ai"),
    ("ai-disclosure-duty", "@need & label*|disclose|mark|tell|say|inform ! must|shall"),
    ("ai-disclosure-duty", "~label*|~disclose|~mark|~tell|~say|~state & ai|artificial|generated|machine|bot|synthetic|model"),
    ("patent-clause", "@any > patent*"),
    ("jury-waiver", "@prov & waive*|give up|gives up|lose"),
    ("jury-waiver", "~waive*|~give up|~gives up|~lose & jury"),
    ("jury-waiver", "heard by a jury|tried by a jury|decided by a jury ! not|give up|gives up|waive|waives|waived|instead|rather than|without"),
    ("survival", "@prov & surviv*"),
    ("survival", "~surviv*|~outlive|~continue after"),
    ("survival", "cease to apply|ceases to apply|cease to bind|do not survive ! shall survive|will survive|continue|remain|except|those"),
    ("electronic-communications", "@any > electronic* ! @x"),
    ("electronic-communications", "@we & electronic*"),
    ("electronic-communications", "@need & electronic*|e mail ! must|shall"),
    ("electronic-communications", "~electronic*|~agree that we|~accept electronic|~send you notices"),
    ("field-of-use", "@we & licen*|scale|million"),
    ("field-of-use", "@need & licen*|permission ! must|shall"),
    ("field-of-use", "@free & any size|whatever|number of users|any number ! @no"),
    ("field-of-use", "~further licen*|~limit of scale|~separate licen*|~additional licen*"),
    ("data-processing-terms", "@we & processor|controller|instructions"),
    ("data-processing-terms", "does not process any|do not process any|shall not process any|no personal data is processed > personal data|personal|agreement ! @x|purpose*|instruct*|sub processor*|subprocessor*"),
    ("virtual-goods", "@we & expire*|forfeit*"),
    ("virtual-goods", "has no coins|no virtual items|no virtual goods|no virtual currency|has no credits ! refund*|value|except|redeem*|right|obligation"),
    ("geographic-export-limits", "@we & export*|sanction*|restrict*"),
    ("geographic-export-limits", "@free & countr*|anywhere|export* ! @no"),
    ("beta-terms", "@prov > beta|preview*|experimental"),
    ("beta-terms", "@prov & beta|preview*|experimental ! @x|@y"),
    ("beta-terms", "not beta|no beta|none of them is|not experimental|finished products|not a beta|not previews ! may|except|unless|as is"),
    ("contact-information", "@we & contact*|telephone|write"),
    ("contact-information", "no address|no telephone|no number|cannot be reached > turn|write|reach|address ! contact us|email|e mail"),
    ("use-policy-flow-down", "@need & restriction*|terms|recipient*|impose|pass on|policy ! must|shall"),
    ("use-policy-flow-down", "@free & pass on|pass the|without restriction*|distribute ! @no"),
    ("use-policy-flow-down", "@may & pass on|pass the|without restriction*|distribute ! @no"),
    ("fees-and-billing", "@need & pay|fee*|charge* ! @x|@y|must|shall|responsib*|agree*"),
    ("fees-and-billing", "entirely free|free of charge & no invoices|no fees|nothing to pay|no payment ! @xs|may|if|reserve|trial|future"),
    ("refund-right", "@need & refund*|repay|return ! must|shall"),
    ("refund-right", "not have the right to|no right to|not entitled to > withdraw*|cancel ! unless|except|other than|until|after|you may"),
    ("refund-right", "give up your right|lose your right|waive your right|lose the right|waive the right|give up the right|right of withdrawal expires|no right of withdrawal > withdraw*|refund*|after ! @x|if|not give up|not lose|not waive"),
    ("refund-right", "may not withdraw from|cannot withdraw from|no money will be|no money is > paid back|refunded|purchase|contract ! unless|except|if|after"),
    ("refund-right", "all sales are final|sales are final ! except|unless|entitled|we will refund|may|if"),
    ("refund-right", "not get your money back"),
    ("claim-time-limit", "@us & answer*|reply|within ! @any|@bind|you|if|may"),
    ("claim-time-limit", "may still be|can still be|waive no|no claim is lost|not barred|still be disputed|still be brought > later|claim*|disputed|after ! waived|forever|permanently barred"),
    ("claim-time-limit", "nothing > shortens|limits the period|limits the time > claim*|statute"),
    ("aggregate-data", "~make|~publish|~compile|~create|~derive|~produc* & aggregat*|anonym*|statistic*"),
    ("analytics-providers", "~analytics|~outside analytics|~use analytics|~use google"),
    ("analytics-providers", "do not use|does not use|use no|never use|uses no|not use any > analytics|statistics ! @x|if|may|personal|identif*"),
    ("content-licence-survives", "~surviv*|~continu*|~outlast|~outlive|~go on"),
    ("content-licence-survives", "ends as soon as|ends when you|terminates when you|expires when you|ceases when you|ends once you ! except|unless|copies|backup*|shared|other users|sublicen*|surviv*|however"),
    ("processing-purposes", "and no personal data|and no personal information|without any personal data|no data about you > provide|improve|secure|operate|service ! @xs"),
    ("cross-site-tracking", "may not and|cannot|~follow|~track|lets nobody|let nobody|nobody can > follow|track|across|other websites|other sites ! @x|if you|do not track|respon*|signal*|may"),
    ("cross-site-tracking", "do not allow|not permit|does not allow|do not permit|never allow > third parties|others > across|over time ! @x|if|may"),
    ("no-waiver", "is deemed to be a waiver|is deemed a waiver|shall be a waiver|constitutes a waiver|counts as a waiver|is a waiver|means that we waive ! not be|not constitute|shall not|will not|not operate|not a waiver|no|nor|only|unless|writing|neither"),
    ("no-waiver", "right is lost|right expires|right lapses|right is waived|rights are lost|loses the right ! not|no|unless|only"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taxonomy::taxonomy;

    fn withdrawn(kind: &str, text: &str) -> bool {
        let (mut words, mut seen) = (Words::default(), Seen::default());
        words.read(text);
        withdraws(&patterns::rules().find(&words, &mut seen), kind, &words, &mut seen)
    }

    #[test]
    fn every_rule_has_a_type_and_is_written_out() {
        for (kind, rule) in VETOES {
            assert!(taxonomy().get(kind).is_some(), "{kind}");
            let full = expand(rule);
            assert!(!full.contains(['@', '~']), "{rule}");
            let wanted = full.split('!').next().unwrap_or_default();
            assert!(wanted.split(['&', '>']).all(|group| !group.trim().is_empty()), "{rule}");
        }
        assert!(LISTS.iter().all(|(name, _)| VETOES.iter().any(|(_, rule)| rule.contains(name))), "an unused list");
    }

    #[test]
    fn lists_and_negations_are_written_out() {
        assert_eq!(expand("a|b > c* ! d"), "a|b>c*!d");
        assert!(expand("~sell > data").starts_with("not sell|never sell|"));
        assert!(expand("x & @need").contains("need not|"));
    }

    /// For each type, invented sentences that deny it and others that state it.
    const CLAUSES: &[(&str, &[&str], &[&str])] = &[
        (
            "sells-data",
            &["We do not sell your personal information to anyone."],
            &[
                "We sell personal information to data brokers.",
                "We do not sell your data except to partners who pay for it.",
            ],
        ),
        (
            "no-sale",
            &["You must not sell the personal data of other members."],
            &["We do not sell your personal data."],
        ),
        (
            "ai-training-on-user-data",
            &["We will not use your content to train AI models.", "Recordings are used to train our staff."],
            &[
                "We use your content to train AI models.",
                "Unless you opt out, we use your content to train AI models.",
                "We do not sell your chats, but we train our models with them.",
            ],
        ),
        (
            "ai-training-choice",
            &["You cannot opt out of the use of your chats to train our models."],
            &["You can opt out of training.", "We do not use your data for training unless you opt in."],
        ),
        (
            "shares-affiliates",
            &["Your data is never shared with other companies of the group."],
            &["We share your data with our affiliates."],
        ),
        (
            "collects-biometric",
            &["We do not collect fingerprints or scans of your face."],
            &["We collect fingerprints and scans of your face."],
        ),
        ("tracking-pixels", &["Our e-mails contain no web beacons."], &["Our e-mails contain web beacons."]),
        (
            "scraping-ban",
            &["Everybody may scrape these pages with bots."],
            &["You may not scrape these pages with bots.", "You may use the site, but no bots."],
        ),
        (
            "reverse-engineering-ban",
            &["You may decompile the software as you like.", "Nothing in this agreement forbids you to decompile it."],
            &["You may not decompile the software.", "You may use it, except that you must not decompile it."],
        ),
        ("review-duty", &["You need not check this page for changes."], &["You should check this page for changes."]),
        ("jury-waiver", &["The parties do not waive a jury."], &["The parties waive a jury."]),
        (
            "arbitration-opt-out",
            &["You have no right to opt out of arbitration."],
            &["You may opt out of arbitration within 30 days.", "If you do not opt out of arbitration, you are bound."],
        ),
        (
            "termination-notice",
            &["You must give us thirty days' notice before you close your account."],
            &["We will give you thirty days' notice before we close your account."],
        ),
        (
            "indemnity",
            &["Neither party shall indemnify the other."],
            &["You shall indemnify us.", "You agree to indemnify us, and we do not indemnify you."],
        ),
        (
            "auto-renewal",
            &["The plan does not renew automatically."],
            &[
                "The plan renews automatically.",
                "It renews automatically unless you cancel, and fees are not refunded.",
            ],
        ),
        (
            "liability-cap",
            &["Our liability is not capped at any sum."],
            &[
                "Our liability is limited to the fees paid.",
                "Our liability, including but not limited to negligence, is limited to the amount paid.",
            ],
        ),
    ];

    #[test]
    fn denied_types_are_withdrawn_and_stated_ones_stay() {
        let mut wrong = Vec::new();
        for (kind, denying, stating) in CLAUSES {
            wrong.extend(denying.iter().filter(|text| !withdrawn(kind, text)).map(|text| (*kind, "kept", *text)));
            wrong.extend(stating.iter().filter(|text| withdrawn(kind, text)).map(|text| (*kind, "withdrawn", *text)));
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn another_sentence_that_speaks_for_the_type_keeps_it() {
        let denial = "We do not share your data with other companies.";
        assert!(withdrawn("shares-third-parties", denial));
        let both = format!("{denial} We share information about you with third parties who advertise.");
        assert!(!withdrawn("shares-third-parties", &both));
    }
}
