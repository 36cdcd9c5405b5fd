using System.Runtime.Versioning;
using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Tests.Postgres;

/// <summary>What libpq is told by a file, and what such a file cannot say.</summary>
public sealed class NamedServiceTests
{
    /// <summary>The last byte of à in UTF-8 is A0, which Windows' C library calls a blank, and libpq cuts.</summary>
    [Theory]
    [InlineData("citt\u00e0", true)]
    [InlineData("\u0420", true)]
    [InlineData("b\u00fcro", false)]
    [InlineData("citt\u00e0 vecchia", false)]
    public void ANameThatEndsInANoBreakSpaceOfWindowsIsRefusedThere(string name, bool isRefused)
    {
        new NamedService(onWindows: false).Add("dbname", name, "database");
        if (isRefused)
        {
            CryoBackupException e = Assert.Throws<CryoBackupException>(() =>
                new NamedService(onWindows: true).Add("dbname", name, "database")
            );
            Assert.Equal(CryoBackupError.ConfigurationInvalid, e.Error);
            Assert.Contains($"'{name}' cannot be told to PostgreSQL's programs on Windows", e.Message, StringComparison.Ordinal);
            Assert.Contains($"'{name[^1]}' at its end, which they take for a blank", e.Message, StringComparison.Ordinal);
        }
        else
        {
            var service = new NamedService(onWindows: true);
            service.Add("dbname", name, "database");
            Assert.Equal($"[cryobackup]\ndbname={name}\n", service.ToString());
        }
    }

    [Theory]
    [InlineData("b\u00fcro\nhost=x", "a line end")]
    [InlineData("b\u00fcro ", "a blank at its end")]
    public void WhatWouldBecomeAnotherNameIsRefusedEverywhere(string name, string why) =>
        Assert.Contains(
            why,
            Assert.Throws<CryoBackupException>(() => new NamedService(onWindows: false).Add("dbname", name, "database")).Message,
            StringComparison.Ordinal
        );

    /// <summary>The temporary folder of a user whose name the code page lacks has a short name.</summary>
    [Theory]
    [InlineData(@"C:\Temp", @"C:\SHORT", @"C:\Temp")]
    [InlineData("C:\\Users\\\u0414\u0430\u0442\u0430\\Temp", @"C:\Users\8F3A~1\Temp", @"C:\Users\8F3A~1\Temp")]
    [InlineData("D:\\\u0414\u0430\u0442\u0430", "D:\\\u0414\u0430\u0442\u0430", "D:\\\u0414\u0430\u0442\u0430")]
    public void ATemporaryFolderIsNamedInAsciiWhereItCanBe(string path, string known, string expected) =>
        Assert.Equal(expected, TemporaryPlace.InAscii(path, _ => known));

    [WindowsFact]
    [SupportedOSPlatform("windows")]
    public void WhatAShortNameMeansIsTheSameFolder()
    {
        Assert.True(WindowsPaths.FitsCodePage(@"C:\Temp"));
        using var folder = new TemporaryFolder();
        string odd = Directory.CreateDirectory(Path.Combine(folder.Path, "\u0414\u0430\u0442\u0430 \u30c7")).FullName;
        Assert.True(Directory.Exists(WindowsPaths.Shorten(odd)));
    }
}
