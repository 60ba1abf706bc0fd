namespace Domicile.Deployments;

/// <summary>Guesses what a mistyped word was meant to be.</summary>
internal static class NearestWord
{
    private const int LengthCharsMax = 64;

    /// <summary><c>; did you mean 'country'?</c>, or the words there are where none is near.</summary>
    public static string Hint(string word, IReadOnlyCollection<string> known)
        => Find(word, known) is { } near ? $"; did you mean '{near}'?"
            : known.Count is > 0 and <= 20 ? $"; known: {string.Join(", ", known)}" : "";

    /// <summary>
    /// The word with the fewest edits, if that is at most a third of its length and one more; else null.
    /// </summary>
    public static string? Find(string word, IEnumerable<string> known)
        => word.Length > LengthCharsMax ? null : known
            .Select(candidate => (Word: candidate, Edits: CountEdits(word, candidate)))
            .Where(guess => guess.Edits <= 1 + (guess.Word.Length / 3) && guess.Edits < guess.Word.Length)
            .OrderBy(guess => guess.Edits)
            .Select(guess => guess.Word)
            .FirstOrDefault();

    /// <summary>Levenshtein's distance, letters compared without case.</summary>
    private static int CountEdits(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var same = char.ToLowerInvariant(from[i - 1]) == char.ToLowerInvariant(to[j - 1]);
                var edits = Math.Min(diagonal + (same ? 0 : 1), 1 + Math.Min(row[j], row[j - 1]));
                (diagonal, row[j]) = (row[j], edits);
            }
        }

        return row[^1];
    }
}
