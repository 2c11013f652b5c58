// A tab, since a popup closes as soon as a file is chosen.
chrome.action.onClicked.addListener(() => chrome.tabs.create({ url: "page.html" }));
