# The line in PowerShell on Windows: New, Test at each level, Restore in each way, with what is odd there. Windows.ps1 runs it in Wine, on a
# scratch cluster.
BeforeDiscovery {
    $names = "b`u{FC}ro", "`u{414}`u{430}`u{442}`u{430}", "elephant `u{1F418}", 'two words it''s "quoted"', '100% of %PATH% a&b|c'
}

BeforeAll {
    . $PSScriptRoot/../TestSupport.ps1

    function Get-QuotedName([string] $Name) {
        '"' + $Name.Replace('"', '""') + '"'
    }

    # A database with some rows, anew.
    function Initialize-OddDatabase([string] $Name) {
        Clear-OddDatabase $Name
        Invoke-Sql "CREATE DATABASE $(Get-QuotedName $Name) TEMPLATE template0"
        Invoke-Sql -Database $Name "CREATE TABLE ""gr`u{F6}`u{DF}e"" (id int PRIMARY KEY, text text); INSERT INTO ""gr`u{F6}`u{DF}e"" SELECT n, '`u{436} ' || n FROM generate_series(1, 300) n"
    }

    function Clear-OddDatabase([string] $Name) {
        Invoke-Sql "DROP DATABASE IF EXISTS $(Get-QuotedName $Name) WITH (FORCE)"
    }

    function Get-RowCount([string] $Name) {
        Invoke-Sql -Database $Name "SELECT count(*) FROM ""gr`u{F6}`u{DF}e"""
    }

    # What went wrong, for the message of a test that fails.
    function Get-Complaint($Result) {
        (@($Result.Reason) + @($Result.Checks | Where-Object Outcome -NE 'Passed' | ForEach-Object { "$($_.Name): $($_.Detail)" })) -join "`n"
    }
}

Describe 'The line on Windows' {
    BeforeAll {
        $name = 'plain'
        $copy = "$name copy"
        $folder = Join-Path $TestDrive ('to ' + [guid]::NewGuid().ToString('N').Substring(0, 8) + " gr`u{F6}`u{DF}e")
        Initialize-OddDatabase $name
    }

    AfterAll {
        Clear-OddDatabase $name
        Clear-OddDatabase $copy
    }

    It 'is backed up' {
        $script:backup = New-CryoBackup -Database $name -Path $folder
        $backup.Database | Should -BeExactly $name
        $backup.RowCount | Should -Be 300
        (Get-CryoBackup -Path $folder).Database | Should -BeExactly $name
    }

    It 'passes the test of level <_>' -ForEach 'Hash', 'Content', 'Restore' {
        $verified = $backup | Test-CryoBackup -Level $_
        $verified.Verdict | Should -Be 'Passed' -Because (Get-Complaint $verified)
    }

    It 'comes back with -Create' {
        $restored = $backup | Restore-CryoBackup -TargetDatabase $copy -Create
        $restored.Status | Should -Be 'Restored'
        Get-RowCount $copy | Should -Be 300
    }

    It 'comes back with -Clean' {
        Invoke-Sql -Database $copy "DELETE FROM ""gr`u{F6}`u{DF}e"""
        ($backup | Restore-CryoBackup -TargetDatabase $copy -Clean -Force).Status | Should -Be 'Restored'
        Get-RowCount $copy | Should -Be 300
    }

    It 'comes back with -Swap' {
        Invoke-Sql -Database $copy "DELETE FROM ""gr`u{F6}`u{DF}e"" WHERE id > 10"
        $swapped = $backup | Restore-CryoBackup -TargetDatabase $copy -Swap -Force
        $swapped.Status | Should -Be 'Restored'
        Get-RowCount $copy | Should -Be 300
        Get-RowCount $swapped.PreviousDatabase | Should -Be 10
        Clear-OddDatabase $swapped.PreviousDatabase
    }
}

Describe 'On Windows the database <_>' -ForEach $names {
    BeforeAll {
        $name = $_
        $copy = "$name copy"
        Initialize-OddDatabase $name
    }

    AfterAll {
        Clear-OddDatabase $name
        Clear-OddDatabase $copy
    }

    It 'is backed up, proven, and comes back' {
        $backup = New-CryoBackup -Database $name -Path (Join-Path $TestDrive ([guid]::NewGuid()))
        $backup.Database | Should -BeExactly $name
        $verified = $backup | Test-CryoBackup -Level Content
        $verified.Verdict | Should -Be 'Passed' -Because (Get-Complaint $verified)
        ($backup | Restore-CryoBackup -TargetDatabase $copy -Create).Status | Should -Be 'Restored'
        Get-RowCount $copy | Should -Be 300
    }
}

Describe 'A role beyond ASCII on Windows' {
    BeforeAll {
        $role = "j`u{F6}rg"
        $database = "of $role"
        $copy = "$database, a copy"
        Clear-OddDatabase $database
        # Wine cannot answer for a password that the server keeps as SCRAM does.
        Invoke-Sql "SET password_encryption = 'md5'; CREATE ROLE $(Get-QuotedName $role) LOGIN CREATEDB PASSWORD 'gr`u{F6}`u{DF}e'"
        Initialize-OddDatabase $database
        Invoke-Sql "ALTER DATABASE $(Get-QuotedName $database) OWNER TO $(Get-QuotedName $role)"
        Invoke-Sql -Database $database "ALTER TABLE ""gr`u{F6}`u{DF}e"" OWNER TO $(Get-QuotedName $role)"
        $password = [securestring]::new()
        "gr`u{F6}`u{DF}e".ToCharArray() | ForEach-Object { $password.AppendChar($_) }
        $credential = [pscredential]::new($role, $password)
    }

    AfterAll {
        Clear-OddDatabase $database
        Clear-OddDatabase $copy
        Invoke-Sql "DROP ROLE $(Get-QuotedName $role)"
    }

    It 'backs up what it owns, and brings it back' {
        $backup = New-CryoBackup -Database $database -Credential $credential -Path (Join-Path $TestDrive $role)
        $verified = $backup | Test-CryoBackup -Level Content
        $verified.Verdict | Should -Be 'Passed' -Because (Get-Complaint $verified)
        ($backup | Restore-CryoBackup -TargetDatabase $copy -Create -Credential $credential).Status | Should -Be 'Restored'
        Get-RowCount $copy | Should -Be 300
        Invoke-Sql -Database $copy "SELECT count(*) FROM pg_tables WHERE tableowner = '$role'" | Should -Be 1
    }
}

Describe 'The tool in PowerShell on Windows' {
    BeforeAll {
        $name = "`u{414}`u{430}`u{442}`u{430} b`u{FC}ro"
        Initialize-OddDatabase $name
    }

    AfterAll {
        Clear-OddDatabase $name
    }

    It 'tells names beyond ASCII, which a script takes as the help says' {
        $folder = Join-Path $TestDrive 'by the tool'
        & $env:CRYOBACKUP_TOOL new $name --path $folder --json | Out-Null
        $LASTEXITCODE | Should -Be 0
        $kept = [Console]::OutputEncoding
        try {
            [Console]::OutputEncoding = [System.Text.UTF8Encoding]::new()
            (& $env:CRYOBACKUP_TOOL list $folder --json | ConvertFrom-Json).database | Should -BeExactly $name
        }
        finally {
            [Console]::OutputEncoding = $kept
        }
    }
}

# CRYOBACKUP_INTERRUPT is the program that presses it: the engine's tests.
Describe 'Ctrl+C in PowerShell on Windows' {
    BeforeAll {
        # Little on disk, but gigabytes as text: pg_dump is busy for a while.
        Initialize-TestDatabase slow -Rows 1
        Invoke-Sql -Database slow "
            CREATE TABLE long_text (line text);
            INSERT INTO long_text VALUES (repeat('all work and no play ', 250000));
            $(1..9 | ForEach-Object { 'INSERT INTO long_text SELECT line FROM long_text;' })"
    }

    AfterAll {
        Clear-TestDatabase slow
    }

    It 'ends a backup, and leaves neither file nor session' {
        $folder = Join-Path $TestDrive 'interrupted'
        $script = Join-Path $TestDrive 'interrupted.ps1'
        Set-Content -LiteralPath $script -Value "Import-Module '$ModulePath'; New-CryoBackup slow -Path '$folder' -SkipRowCount; Set-Content '$folder.went-on' 1"
        $start = [System.Diagnostics.ProcessStartInfo]::new($env:CRYOBACKUP_INTERRUPT)
        $words = 'console', 'interrupt', (Get-Process -Id $PID).Path, '-NoProfile', '-ExecutionPolicy', 'Bypass', '-File', $script
        $words | ForEach-Object { $start.ArgumentList.Add($_) }
        $start.CreateNoWindow = $true
        $start.RedirectStandardInput = $true
        $start.RedirectStandardError = $true
        $process = [System.Diagnostics.Process]::Start($start)
        try {
            do {
                Start-Sleep -Milliseconds 200
                $isDumping = @(Get-ChildItem -Path "$folder/*.partial" -ErrorAction Ignore | Where-Object Length -GT 0).Count -gt 0
            } until ($isDumping -or $process.HasExited)

            $process.HasExited | Should -BeFalse -Because 'the dump should still run'
            $process.StandardInput.WriteLine()
            $said = $process.StandardError.ReadToEnd()
            $process.WaitForExit(90000) | Should -BeTrue
            $process.ExitCode | Should -Not -Be -1 -Because "Ctrl+C should end it. $said"
        }
        finally {
            if (-not $process.HasExited) {
                $process.Kill($true)
            }
        }

        Get-ChildItem -LiteralPath $folder -Force | Should -BeNullOrEmpty
        "$folder.went-on" | Should -Not -Exist
        for ($i = 0; $i -lt 50 -and ($left = Invoke-Sql "SELECT count(*) FROM pg_stat_activity WHERE datname = 'slow'") -ne '0'; $i++) {
            Start-Sleep -Milliseconds 200
        }

        $left | Should -Be '0'
    }
}

Describe 'What is odd of files on Windows' {
    BeforeAll {
        Initialize-OddDatabase 'plain'
    }

    AfterAll {
        Clear-OddDatabase 'plain'
    }

    It 'takes a folder whose path has more than 260 characters' {
        $folder = Join-Path $TestDrive ((1..8 | ForEach-Object { "a rather long name of a folder $_" }) -join '\')
        $folder.Length | Should -BeGreaterThan 260
        $backup = New-CryoBackup -Database plain -Path $folder
        ($backup | Test-CryoBackup -Level Content).Verdict | Should -Be 'Passed'
    }

    It 'reads a configuration whose lines end as Windows ends them' {
        $file = Join-Path $TestDrive 'crlf.yaml'
        Set-Content -LiteralPath $file -NoNewline -Value "local_backup_dir: '$(Join-Path $TestDrive 'by file')'`r`ndatabases:`r`n  - plain`r`n"
        $backup = New-CryoBackup -Config $file
        $backup.Database | Should -Be 'plain'
        Split-Path -Path $backup.Path | Should -Be (Join-Path $TestDrive 'by file')
    }

    It 'fails a backup of which one byte was changed' {
        $damaged = Copy-Backup (New-CryoBackup -Database plain -Path (Join-Path $TestDrive 'whole')) (Join-Path $TestDrive 'damaged')
        Edit-OneByte $damaged
        (Test-CryoBackup -LiteralPath $damaged -Level Content).Verdict | Should -Be 'Failed'
    }
}

Describe 'The line of the manifest on Windows' {
    BeforeAll {
        Initialize-OddDatabase 'plain'
        $path = $env:PATH

        $env:PATH = "$env:CRYOBACKUP_PGBIN;$path"
    }

    AfterAll {
        $env:PATH = $path
        'plain', 'opened' | ForEach-Object { Clear-OddDatabase $_ }
    }

    # gzip is there by a program that stands in for it (standin/): what is tried of cmd is that its words and its pipe carry the bytes.
    It 'opens a backup in <Shell> (<Compression>)' -ForEach @(
        @{ Shell = 'powershell'; Compression = 'Gzip' }
        @{ Shell = 'powershell'; Compression = 'None' }
        @{ Shell = 'cmd'; Compression = 'Gzip' }
        @{ Shell = 'cmd'; Compression = 'None' }
    ) {
        $backup = New-CryoBackup -Database plain -Path (Join-Path $TestDrive "by $Shell $Compression") -Compression $Compression
        $line = (Get-Content -LiteralPath $backup.ManifestPath -Raw | ConvertFrom-Json)."open_with_$Shell".Replace('NAME', 'opened', [StringComparison]::Ordinal)
        Clear-OddDatabase 'opened'
        Invoke-Sql 'CREATE DATABASE opened TEMPLATE template0'
        Push-Location -LiteralPath (Split-Path -Path $backup.Path)
        try {
            $said = if ($Shell -eq 'cmd') { & cmd /d /c $line 2>&1 } else { & ([scriptblock]::Create($line)) 2>&1 }
        }
        finally {
            Pop-Location
        }

        Get-RowCount 'opened' | Should -Be 300 -Because "$line said $said"
    }
}
