/** @file Is it a usable subject line? There is no right answer: the rules of the help desk decide, 1 if all are kept. */

const product =
  /\b(card|cards|pin|pins|payment|payments|transfer|transfers|transaction|transactions|refund|refunds|account|accounts|rate|rates|currency|exchange|charge|charged|charges|fee|money|purchase)\b/i;
const spoken = /\b(i|i'm|i've|me|my|mine|you|your|yours|we|our|us|please|hello|hi|thanks|thank)\b/i;
/** Words that need not stand in the message. */
const joining = new Set('a an and at by did does for from how in is it no not of on or the to was with without'.split(' '));

/** Words in lower case, without what an ending may change. */
const stems = (text) => (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => word.slice(0, 4));
const words = (text) => text.match(/[\p{L}\p{N}'’-]+/gu) ?? [];

/** The words of weight. */
const own = (text) => stems(words(text).filter((word) => !joining.has(word.toLowerCase())).join(' '));

/** What is asked of a subject line, and what is said where it is not kept. */
const rules = [
  [({ subject }) => words(subject).length >= 2 && words(subject).length <= 7, 'It should have two to seven words.'],
  [({ subject }) => !/[?!.]/.test(subject), 'It should have no question mark and no full stop.'],
  [({ subject }) => !spoken.test(subject), 'It should not say "I", "my" or "you", and not greet.'],
  [({ subject }) => product.test(subject), 'It should name what it is about, such as the card, the PIN or the transfer.'],
  [({ subject, message }) => isTrue(subject, message), "It should use the customer's own words."],
  [({ subject }) => new Set(own(subject)).size === own(subject).length, 'It should not say a word twice.'],
];

/** Whether every word of weight comes from the message. */
function isTrue(subject, message) {
  const known = new Set(stems(message));
  return own(subject).length > 0 && own(subject).every((stem) => known.has(stem));
}

export default function score({ message }, subject) {
  const broken = rules.filter(([keeps]) => !keeps({ subject, message }));
  return broken.length === 0 ? 1 : { score: 0, feedback: broken.map(([, why]) => why).join(' ') };
}
