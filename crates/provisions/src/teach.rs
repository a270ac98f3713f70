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
    /// How the teachers are fitted to the labelled clauses; their mean score is the opinion.
    pub fitting: NetOptions,
    /// A feature of theirs must be seen on as many platforms, for each [`crate::features::Block`].
    pub least_platforms: [usize; BLOCKS],
    /// How the learner is fitted to all clauses. With so much to learn from, little has to be left out; and labels beside probabilities
    /// are better taken as they are.
    pub learner: NetOptions,
}

impl Default for Teachers {
    fn default() -> Self {
        Teachers {
            fitting: NetOptions { networks: 3, passes: 40, ..NetOptions::default() },
            least_platforms: [4, 4, 4, 1],
            learner: NetOptions { passes: 40, forget_hidden: 0.1, positive: 1.0, ..NetOptions::default() },
        }
    }
}

impl Teachers {
    /// What teachers who learnt from the documents at `labelled` say of those at `others`.
    pub(crate) fn opinions(
        &self,
        prepared: &Prepared,
        labelled: &[usize],
        others: &[usize],
        options: &Options,
    ) -> Vec<Lesson> {
        let vocabulary = Vocabulary::of(prepared, labelled, &self.least_platforms, options.block_weights);
        let matrix = vocabulary.matrix(prepared, labelled.iter().copied());
        let types = prepared.names.len();
        let teachers = net::fit(&matrix, &labels(prepared, labelled), types, &self.fitting, options.threads);
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
