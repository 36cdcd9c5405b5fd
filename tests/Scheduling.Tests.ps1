# What about_CryoBackup_Scheduling has its readers save and schedule: the scripts are run as they are written; of what needs
# Windows, systemd or Azure as much is checked as can be without them.
BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    $root = Split-Path -Path $PSScriptRoot
    $page = (Get-Content -LiteralPath (Join-Path $root 'en-US/about_CryoBackup_Scheduling.help.txt') -Raw).ReplaceLineEndings("`n")

    # The block that is indented by eight, after the line that the pattern matches.
    function Get-Block([string] $Pattern) {
        $match = [regex]::Match($page, "(?ms)$Pattern[^\n]*\n(?:    [^\n]*\n|\n)*?\n?(?<block>(?:^        [^\n]*\n|\n)+)")
        $match.Success | Should -BeTrue -Because "the page is to have a block after '$Pattern'"
        $match.Groups['block'].Value.Trim("`n") -replace '(?m)^        ', ''
    }

    # As the scheduler starts it, with the module where PowerShell finds it.
    function Invoke-Script([string] $Name, [string[]] $Argument) {
        $before = $env:PSModulePath
        try {
            $env:PSModulePath = (Split-Path -Path (Split-Path -Path $ModulePath)), $before -join [System.IO.Path]::PathSeparator
            $said = Invoke-Shell -File (Join-Path $TestDrive $Name) @Argument 2>&1 | Out-String -Width 300
            [pscustomobject] @{ Code = $LASTEXITCODE; Said = $said }
        }
        finally {
            $env:PSModulePath = $before
        }
    }

    $powershell = 'Save it as nightly\.ps1', 'Save it as rehearsal\.ps1', 'WINDOWS TASK SCHEDULER', 'The rehearsal is a second task', 'A runbook', 'The rehearsal is a runbook'
    foreach ($name in 'nightly.ps1', 'rehearsal.ps1', 'nightly.sh') {
        Set-Content -LiteralPath (Join-Path $TestDrive $name) -Value (Get-Block "Save it as $([regex]::Escape($name))")
    }

    Initialize-TestDatabase cryo_night
    $folder = Join-Path $TestDrive 'backups'
    $good = Join-Path $TestDrive 'good.yaml'
    $bad = Join-Path $TestDrive 'bad.yaml'
    Set-Content -LiteralPath $good -Value "databases: [cryo_night]`nlocal_backup_dir: $folder`nreports: {enabled: false}"
    Set-Content -LiteralPath $bad -Value "databases: [cryo_no_such, cryo_night]`nlocal_backup_dir: $folder`nreports: {enabled: false}"
}

AfterAll {
    Clear-TestDatabase cryo_night
}

Describe 'The scripts of about_CryoBackup_Scheduling' {
    It 'nightly.ps1 makes and proves what the configuration names' {
        $run = Invoke-Script nightly.ps1 $good
        $run.Code | Should -Be 0 -Because $run.Said
        (Get-CryoBackup $folder).Database | Should -Be 'cryo_night'
        $run.Said | Should -Match 'cryo_night +Passed'
    }

    It 'nightly.ps1 ends with 1 when one of the databases fails, and backs up the others' {
        $run = Invoke-Script nightly.ps1 $bad
        $run.Code | Should -Be 1 -Because $run.Said
        $run.Said | Should -Match 'cryo_no_such'
        $run.Said | Should -Match 'cryo_night +Passed'
    }

    It 'nightly.ps1 ends with 1 without its configuration' {
        $run = Invoke-Script nightly.ps1 (Join-Path $TestDrive 'nothing.yaml')
        $run.Code | Should -Be 1 -Because $run.Said
    }

    It 'rehearsal.ps1 rehearses all that the configuration names, writes the report, and misses what has no backup' {
        $report = Join-Path $TestDrive 'rehearsal.html'
        $run = Invoke-Script rehearsal.ps1 $good, $report
        $run.Code | Should -Be 0 -Because $run.Said
        $run.Said | Should -Match 'cryo_night +Passed'
        $report | Should -Exist
        $run = Invoke-Script rehearsal.ps1 $bad
        $run.Code | Should -Be 1 -Because 'a database that has no backup is no good news'
        $run.Said | Should -Match 'cryo_no_such +Failed'
        $run.Said | Should -Match 'cryo_night +Passed'
        $damaged = Join-Path $TestDrive 'damaged'
        $file = Copy-Backup (Get-CryoBackup $folder -Latest) $damaged
        [System.IO.File]::WriteAllText($file, 'damaged')
        $config = Join-Path $TestDrive 'damaged.yaml'
        Set-Content -LiteralPath $config -Value "databases: [cryo_night]`nlocal_backup_dir: $damaged`nreports: {enabled: false}"
        $run = Invoke-Script rehearsal.ps1 $config
        $run.Code | Should -Be 1 -Because $run.Said
    }

    It 'the one line does it too, and the tool''s' -Skip:$IsWindows {
        $before = $env:PATH, $env:PSModulePath
        try {
            $env:PATH = (Join-Path $root 'output/tool'), $env:PATH -join [System.IO.Path]::PathSeparator
            $env:PSModulePath = (Split-Path -Path (Split-Path -Path $ModulePath)), $env:PSModulePath -join [System.IO.Path]::PathSeparator
            $inner = [regex]::Match((Get-Block 'only where all passed'), '-Command "(.+)"').Groups[1].Value
            foreach ($case in @{ Config = $good; Code = 0 }, @{ Config = $bad; Code = 1 }) {
                $null = Invoke-Shell -Command $inner.Replace('/etc/cryobackup/cryobackup.yaml', $case.Config) 2>&1
                $LASTEXITCODE | Should -Be $case.Code
            }

            $reports = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'reports')).FullName
            $line = (Get-Block 'and by the tool').Replace('/etc/cryobackup/cryobackup.yaml', $good).Replace('/var/lib/cryobackup/reports', $reports)
            $said = sh -c $line 2>&1
            $LASTEXITCODE | Should -Be 0 -Because ($said -join "`n")
            Get-ChildItem -LiteralPath $reports | Should -Not -BeNullOrEmpty
        }
        finally {
            $env:PATH, $env:PSModulePath = $before
        }
    }

    It 'the runbook of the rehearsal fails as a job does' {
        $runbook = [scriptblock]::Create((Get-Block 'The rehearsal is a runbook'))
        (& $runbook -Config $good).Verdict | Should -Be 'Passed'
        { & $runbook -Config $bad } | Should -Throw '*1 of 2 rehearsals failed*cryo_no_such*'
    }

    It 'nightly.sh does it with the tool' -Skip:$IsWindows {
        $before = $env:PATH
        try {
            $env:PATH = (Join-Path $root 'output/tool'), $env:PATH -join [System.IO.Path]::PathSeparator
            $script = Join-Path $TestDrive 'nightly.sh'
            $said = sh $script $good $folder 2>&1
            $LASTEXITCODE | Should -Be 0 -Because ($said -join "`n")
            $said = sh $script $bad $folder 2>&1
            $LASTEXITCODE | Should -Be 1 -Because ($said -join "`n")
        }
        finally {
            $env:PATH = $before
        }
    }

    It 'the runbook reads its secret from Key Vault, and fails as a job does' {
        function Connect-AzAccount([switch] $Identity) { if (-not $Identity) { throw 'Only the managed identity is there.' } }
        function Get-AzKeyVaultSecret([string] $VaultName, [string] $Name) { [pscustomobject] @{ SecretValue = [securestring]::new() } }
        $runbook = [scriptblock]::Create((Get-Block 'A runbook'))
        $common = @{ ComputerName = $env:PGHOST; UserName = $env:PGUSER; Path = Join-Path $TestDrive 'azure' }
        (& $runbook @common -Database cryo_night).Verdict | Should -Be 'Passed'
        { & $runbook @common -Database cryo_night, cryo_no_such -ErrorAction SilentlyContinue 2>$null } | Should -Throw '*1 of 2 backups failed*cryo_no_such*'
    }

    It 'is PowerShell that parses' {
        foreach ($pattern in $powershell) {
            $errors = $null
            $null = [System.Management.Automation.Language.Parser]::ParseInput((Get-Block $pattern), [ref] $null, [ref] $errors)
            $errors | Should -BeNullOrEmpty
        }
    }

    It 'is PowerShell that its analyzer likes' {
        if (-not (Get-Module -ListAvailable -Name PSScriptAnalyzer)) {
            Set-ItResult -Skipped -Because 'PSScriptAnalyzer WAS NOT FOUND'
            return
        }

        foreach ($pattern in $powershell) {
            Invoke-ScriptAnalyzer -ScriptDefinition (Get-Block $pattern) -Settings (Join-Path $root 'PSScriptAnalyzerSettings.psd1') |
                ForEach-Object { "$($_.RuleName): $($_.Message)" } | Should -BeNullOrEmpty
        }
    }
}

Describe 'The units of about_CryoBackup_Scheduling' {
    It 'are what systemd takes' {
        $service = Get-Block '/etc/systemd/system/cryobackup\.service'
        $timer = Get-Block '/etc/systemd/system/cryobackup\.timer'
        $service | Should -Match '(?m)^Type=oneshot$'
        $timer | Should -Match '(?m)^OnCalendar=\*-\*-\* \d\d:\d\d:\d\d$'
        foreach ($line in "$service`n$timer" -split "`n" | Where-Object { $_ }) {
            $line | Should -Match '^(\[\w+\]|[A-Z]\w+=.+)$'
        }
    }

    It 'pass systemd-analyze' {
        if (-not (Get-Command -Name systemd-analyze -CommandType Application -ErrorAction Ignore)) {
            Set-ItResult -Skipped -Because 'systemd-analyze WAS NOT FOUND'
            return
        }

        $units = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'units')).FullName
        # The program that is named need not be there.
        Set-Content -LiteralPath (Join-Path $units 'cryobackup.service') -Value ((Get-Block '/etc/systemd/system/cryobackup\.service') -replace '/usr/bin/pwsh', '/bin/true')
        Set-Content -LiteralPath (Join-Path $units 'cryobackup.timer') -Value (Get-Block '/etc/systemd/system/cryobackup\.timer')
        $said = systemd-analyze verify (Join-Path $units 'cryobackup.timer') 2>&1
        $LASTEXITCODE | Should -Be 0 -Because ($said -join "`n")
    }

    It 'each line of the crontab has five fields of time and a command' {
        foreach ($line in (Get-Block 'CRON') -split "`n") {
            $line | Should -Match '^(?:[\d*,/-]+ ){5}\S+'
        }
    }
}
