using System.ComponentModel;
using System.Diagnostics;
using CryoBackup.Streams;

namespace CryoBackup.Tests.Streams;

public sealed class RegularFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string In(string name) => Path.Combine(_folder.Path, name);

    [Fact]
    public void CreatesOnlyWhatIsNewAndForItsOwnerAlone()
    {
        using (FileStream file = RegularFile.Create(In("new")))
        {
            file.Write("x"u8);
        }

        Assert.Throws<IOException>(() => RegularFile.Create(In("new")));
        Assert.Equal("x", File.ReadAllText(In("new")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(In("new")));
        }
    }

    [Fact]
    public void OpensWhatIsThereAsItIs()
    {
        Assert.Throws<FileNotFoundException>(() => RegularFile.Open(In("none"), FileAccess.ReadWrite));
        Assert.Throws<DirectoryNotFoundException>(() => RegularFile.OpenOrCreate(In("none/file"), FileAccess.ReadWrite));
        File.WriteAllText(In("file"), "content");
        foreach (FileAccess access in (FileAccess[])[FileAccess.Read, FileAccess.Write, FileAccess.ReadWrite])
        {
            using FileStream file = RegularFile.OpenOrCreate(In("file"), access);
            Assert.Equal((7, 0), (file.Length, file.Position));
            Assert.Equal(access.HasFlag(FileAccess.Write), file.CanWrite);
        }

        using (FileStream file = RegularFile.OpenOrCreate(In("other"), FileAccess.ReadWrite))
        {
            file.Write("y"u8);
        }

        Assert.Equal("y", File.ReadAllText(In("other")));
        using var reader = new StreamReader(RegularFile.Read(In("file")));
        Assert.Equal("content", reader.ReadToEnd());
    }

    [UnixFact]
    public void FollowsNoLink()
    {
        File.WriteAllText(In("victim"), "precious");
        File.CreateSymbolicLink(In("link"), In("victim"));
        File.CreateSymbolicLink(In("dangling"), In("would-be"));
        foreach (string name in (string[])["link", "dangling"])
        {
            Assert.Throws<IrregularFileException>(() => RegularFile.Open(In(name), FileAccess.ReadWrite));
            Assert.Throws<IrregularFileException>(() => RegularFile.Open(In(name), FileAccess.Read));
            Assert.Throws<IrregularFileException>(() => RegularFile.OpenOrCreate(In(name), FileAccess.Write));
            Assert.Throws<IOException>(() => RegularFile.Create(In(name)));
            Assert.Throws<IrregularFileException>(() => SharedFile.TryLock(In(name), TimeSpan.Zero));
        }

        Assert.False(File.Exists(In("would-be")));
        Assert.Equal("precious", File.ReadAllText(In("victim")));

        // Reading changes nothing: the newest backup is often a link.
        using FileStream file = RegularFile.Read(In("link"));
        Assert.Equal(8, file.Length);
    }

    [UnixFact]
    public void WritesToNothingWithASecondName()
    {
        File.WriteAllText(In("victim"), "precious");
        Run("ln", In("victim"), In("second"));
        Assert.Throws<IrregularFileException>(() => RegularFile.OpenOrCreate(In("second"), FileAccess.ReadWrite));
        using FileStream file = RegularFile.Open(In("second"), FileAccess.Read);
        Assert.Equal(8, file.Length);
    }

    [UnixFact]
    public void OpensNoPipeDeviceOrFolder()
    {
        Run("mkfifo", In("pipe"));
        Directory.CreateDirectory(In("folder"));
        foreach (string path in (string[])[In("pipe"), In("folder"), "/dev/zero", "/dev/null"])
        {
            Assert.Throws<IrregularFileException>(() => RegularFile.Open(path, FileAccess.ReadWrite));
            Assert.Throws<IrregularFileException>(() => RegularFile.Open(path, FileAccess.Read));
            Assert.Throws<IrregularFileException>(() => RegularFile.Read(path));
        }

        File.CreateSymbolicLink(In("zero"), "/dev/zero");
        Assert.Throws<IrregularFileException>(() => RegularFile.Read(In("zero")));
    }

    /// <summary>Links that lead back to themselves, and names that nothing can bear, are told as what the system calls them.</summary>
    [UnixFact]
    public void WhatTheSystemRefusesIsAFaultOfItsOwn()
    {
        File.CreateSymbolicLink(In("loop"), In("loop"));
        Assert.Contains(In("loop"), Assert.Throws<IOException>(() => RegularFile.Read(In("loop"))).Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => RegularFile.Open(In(new string('x', 300)), FileAccess.Read));
        File.WriteAllText(In("file"), "x");
        Assert.Throws<IOException>(() => RegularFile.Read(In("file/below")));
    }

    [LinuxFact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void WhatTheAccountMayNotReadIsDenied()
    {
        File.WriteAllText(In("file"), "x");
        Assert.Equal(1, AsNobody.Run(_folder.Path, () => Length("file")));
        File.SetUnixFileMode(In("file"), UnixFileMode.None);
        Assert.Contains(
            In("file"),
            Assert.Throws<UnauthorizedAccessException>(() => AsNobody.Run(_folder.Path, () => Length("file"))).Message,
            StringComparison.Ordinal
        );

        long Length(string name)
        {
            using FileStream file = RegularFile.Read(In(name));
            return file.Length;
        }
    }

    /// <summary>What somebody named is text of a reasonable length, or no text.</summary>
    [Fact]
    public void LinesAreReadUpToALength()
    {
        File.WriteAllText(In("file"), "one\r\ntwo\n\nfour");
        Assert.Equal(["one", "two", "", "four"], RegularFile.ReadLines(In("file")));
        using (FileStream file = File.OpenWrite(In("file")))
        {
            file.SetLength(1L << 33);
        }

        Assert.Contains("bytes", Assert.Throws<IOException>(() => RegularFile.ReadLines(In("file"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ALockIsForOneAlone()
    {
        using FileStream first = RegularFile.OpenOrCreate(In("lock"), FileAccess.ReadWrite);
        Assert.True(RegularFile.TryLock(first));
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using (FileStream second = RegularFile.OpenOrCreate(In("lock"), FileAccess.ReadWrite))
        {
            Assert.False(RegularFile.TryLock(second));
        }

        first.Dispose();
        using FileStream third = RegularFile.OpenOrCreate(In("lock"), FileAccess.ReadWrite);

        // A process that another test starts in this very moment has all files of this one until it becomes its program.
        Assert.True(SpinWait.SpinUntil(() => RegularFile.TryLock(third) == true, TimeSpan.FromMinutes(1)));
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)) ?? throw new Win32Exception(program);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
