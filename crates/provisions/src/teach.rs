//! Learning from clauses that nobody labelled. Teachers, networks with a vocabulary too wide to ship, learn from the labelled clauses and
//! say of the others how probable each type is; the networks that are shipped learn from both. They so meet more ways of saying a
//! thing than were labelled, and what the teachers know of words outside their own vocabulary.
//!
//! Distillation (Hinton et al. 2015, *Distilling the knowledge in a neural network*) with the learner's noise of self-training (Xie et
//! al. 2020, *Self-training with noisy student*): the learner forgets features at random, the teachers read the whole clause.
use crate::features::BLOCKS;
use crate::net::{self, Lesson, Net, NetOptions};
use crate::train::{Options, Prepared, labels};
use crate::vocabulary::Vocabulary;

/// Types less probable than this are out of the question.
const LEAST_PROBABILITY: f32 = 0.005;

/// What can be set.
#[derive(Debug, Clone)]
pub struct Teachers {
    /// Networks whose mean score is the opinion.
    pub networks: usize,
    /// Their passes over the labelled clauses.
    pub passes: usize,
    /// A feature of theirs must be seen on as many platforms, for each [`crate::features::Block`].
    pub least_platforms: [usize; BLOCKS],
    /// Passes of the learner over all clauses.
    pub learner_passes: usize,
    /// The learner's [`NetOptions::forget_hidden`]: with so much to learn from, little has to be left out.
    pub learner_forget_hidden: f32,
    /// The learner's [`NetOptions::positive`]: probabilities need no weight, and labels beside them are better taken as they are.
    pub learner_positive: f32,
}

impl Default for Teachers {
    fn default() -> Self {
        Teachers {
            networks: 3,
            passes: 40,
            least_platforms: [4, 4, 4, 1],
            learner_passes: 40,
            learner_forget_hidden: 0.1,
            learner_positive: 1.0,
        }
    }
}

impl Teachers {
    /// How the learner is fitted, where `net` would be from labels alone.
    pub(crate) fn learner(&self, net: &NetOptions) -> NetOptions {
        NetOptions {
            passes: self.learner_passes,
            forget_hidden: self.learner_forget_hidden,
            positive: self.learner_positive,
            ..net.clone()
        }
    }

    /// What teachers who learnt from the documents at `labelled` say of those at `others`.
    pub(crate) fn opinions(
        &self,
        prepared: &Prepared,
        labelled: &[usize],
        others: &[usize],
        net: &NetOptions,
        options: &Options,
    ) -> Vec<Lesson> {
        let vocabulary = Vocabulary::of(prepared, labelled, &self.least_platforms, options.block_weights);
        let matrix = vocabulary.matrix(prepared, labelled.iter().copied());
        let fitting = NetOptions { networks: self.networks, passes: self.passes, ..net.clone() };
        let types = prepared.names.len();
        let teachers = net::fit(&matrix, &labels(prepared, labelled), types, &fitting, options.threads);
        others.iter().map(|&row| opinion(&teachers, types, &vocabulary.values(&prepared.documents[row]))).collect()
    }
}

fn opinion(teachers: &[Net], types: usize, features: &[(u32, f32)]) -> Lesson {
    let mut mean = vec![0.0; types];
    for teacher in teachers {
        let scores = teacher.scores(features);
        mean.iter_mut().zip(scores).for_each(|(mean, score)| *mean += score / teachers.len() as f32);
    }
    let probable = mean.into_iter().enumerate().map(|(kind, score)| (kind as u8, net::sigmoid(score)));
    Lesson::Opinion(probable.filter(|&(_, probability)| probability > LEAST_PROBABILITY).collect())
}
