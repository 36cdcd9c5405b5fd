using CryoBackup.Archive;
using CryoBackup.Restore.Selection;
using static CryoBackup.Tests.Restore.Toc;

namespace CryoBackup.Tests.Restore;

/// <summary>Each table is filled after those that it refers to, and of those that no order satisfies exactly the ones of the circle are named.</summary>
public sealed class DataOrderTests
{
    [Fact]
    public void EachComesAfterThoseThatItRefersTo()
    {
        // a -> b -> c, and d for itself between them.
        (string[] sorted, IReadOnlyList<string> circular) = Sort("abcd", "ab", "bc");
        Assert.Equal(["c", "b", "a", "d"], sorted);
        Assert.Empty(circular);
    }

    [Fact]
    public void WhatNeedsNoOrderStaysWhereItWas()
    {
        Assert.Equal(["d", "b", "a", "c"], Sort("dbac").Sorted);
        Assert.Equal(["b", "a", "c"], Sort("bac", "aa").Sorted);
    }

    [Theory]
    [InlineData("abc", "ab,ba,ca", "ab")] // c leads into the circle
    [InlineData("cab", "ab,ba,ca", "ab")]
    [InlineData("abc", "ab,ba,bc", "ab")] // the circle leads to c
    [InlineData("abc", "ab,bc,ca", "abc")]
    [InlineData("abcd", "ab,ba,cd,dc,bc", "abcd")] // two circles
    [InlineData("abcde", "ab,bc,cd,db,ae", "bcd")]
    [InlineData("abcd", "ab,bc,cb,bd", "bc")]
    [InlineData("abc", "ab,ba,ac,cb", "abc")] // c closes a second circle through a table that is done
    [InlineData("abc", "ab,bc,cc", "")] // its own rows are no matter of order
    [InlineData("abcd", "ab,ac,bd,cd", "")] // a diamond
    public void OnlyTheTablesOfACircleAreNamed(string tables, string keys, string circle)
    {
        (string[] sorted, IReadOnlyList<string> circular) = Sort(tables, keys.Split(','));
        Assert.Equal(circle.Select(name => $"public.{name}"), circular);
        Assert.Equal(tables.Order(), sorted.Select(name => name[0]).Order());

        // Whoever is in no circle keeps the order.
        foreach (string key in keys.Split(',').Where(key => key[0] != key[1] && !key.All(circle.Contains)))
        {
            Assert.True(Array.IndexOf(sorted, $"{key[1]}") < Array.IndexOf(sorted, $"{key[0]}"), $"{key}: {string.Join(' ', sorted)}");
        }
    }

    [Fact]
    public void TablesWithoutRowsInTheSelectionAreNoMatter()
    {
        // b is not restored: nothing can be done about it, and nothing needs be.
        Assert.Equal(["a", "c"], SortWithout("b", "abc", "ab", "bc").Sorted);
        Assert.Equal(["c", "a"], SortWithout("b", "abc", "ac").Sorted);
    }

    [Fact]
    public void OtherDataHasNoOrder()
    {
        TocEntry[] data = [Entry(1, "BLOBS", "BLOBS"), Entry(2, "SEQUENCE SET", "s", 3)];
        (IReadOnlyList<TocEntry> sorted, _) = DataOrder.Sort(data, [.. data, Entry(3, "SEQUENCE", "s")]);
        Assert.Equal(data, sorted);
    }

    [Fact]
    public void AKeyOfAnotherSchemaIsNotTakenForThisTables()
    {
        // pg_dump names a key by its table: other.a's key to b is not one of public.a's.
        TocEntry[] tables = [Entry(1, "TABLE", "a"), Entry(2, "TABLE", "b"), InSchema("other", 3, "TABLE", "a")];
        TocEntry[] data =
        [
            Entry(11, "TABLE DATA", "a", 1),
            InSchema("other", 13, "TABLE DATA", "a", "", 3),
            Entry(12, "TABLE DATA", "b", 2),
        ];
        TocEntry key = InSchema("other", 20, "FK CONSTRAINT", "a a_b_fkey", "", 2, 3);
        (IReadOnlyList<TocEntry> sorted, IReadOnlyList<string> circular) = DataOrder.Sort(data, [.. tables, .. data, key]);
        Assert.Equal([11, 12, 13], sorted.Select(entry => entry.DumpId));
        Assert.Empty(circular);
    }

    private static (string[] Sorted, IReadOnlyList<string> Circular) Sort(string tables, params string[] keys) =>
        SortWithout("", tables, keys);

    /// <summary>Sorts tables of one letter each; a key "ab" lets a refer to b.</summary>
    private static (string[] Sorted, IReadOnlyList<string> Circular) SortWithout(string without, string tables, params string[] keys)
    {
        TocEntry[] all = [.. tables.Select(name => Entry(name, "TABLE", $"{name}"))];
        TocEntry[] data =
        [
            .. tables.Where(name => !without.Contains(name)).Select(name => Entry(1000 + name, "TABLE DATA", $"{name}", name)),
        ];
        IEnumerable<TocEntry> constraints = keys.Select(
            (key, at) => Entry(2000 + at, "FK CONSTRAINT", $"{key[0]} {key}_fkey", key[1], key[0])
        );
        (IReadOnlyList<TocEntry> sorted, IReadOnlyList<string> circular) = DataOrder.Sort(data, [.. all, .. data, .. constraints]);
        return ([.. sorted.Select(entry => entry.Name)], circular);
    }
}
